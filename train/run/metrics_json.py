"""metrics.json, the figures of a run's test part: its one writer and its one reader."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scl.artifacts import read_json, write_json

if TYPE_CHECKING:
    from train.run.summary import Metrics

METRICS = "metrics.json"
SCHEMA = 3
ADVICE = "train the run again"


def write_metrics(run: Path, metrics: "Metrics", data: str) -> None:
    """Writes it into the folder of a run; `data` names the recordings."""
    info = metrics.info
    contents: dict[str, object] = {"kind": "metrics", "schema": SCHEMA, "task": info.task, "method": info.method}
    contents |= {"transformation": metrics.evaluation.name, "labels": list(info.labels)}
    contents |= {"partition": asdict(info.partition), "split": asdict(info.split), "part": "test", "data": data}
    contents |= metrics.evaluation.as_dict()
    contents |= {name: asdict(figures) for name, figures in metrics.others.items()}
    if metrics.groups:
        contents["groups"] = [asdict(group) for group in metrics.groups]
    if metrics.other_classes:
        contents["other_classes"] = metrics.other_classes
    if metrics.by_construction:
        contents["consistency_by_construction"] = metrics.by_construction
    write_json(run / METRICS, contents | {"warnings": list(metrics.warnings)})


def read_metrics(run: Path) -> dict[str, Any]:
    """That of the folder of a run. Raises InputError if it is not there or of another version."""
    return read_json(run / METRICS, "metrics", SCHEMA, ADVICE)
