"""What a bundle says of a run's model: manifest.json."""

from typing import TYPE_CHECKING

from export.model import Model
from export.network.layers import FEATURES, LOGITS
from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.export_report import ExportReport
from scl.artifacts.label_groups import LabelGroups
from scl.artifacts.manifest import InputTensor, Int8Figures, Manifest, Outputs, OutputTensor, SplitName
from scl.artifacts.run import TransformationInfo

if TYPE_CHECKING:
    from train.run.folder import Run


def described(
    run: "Run",
    model: Model,
    report: ExportReport,
    transformation: TransformationInfo,
    transforms: tuple[str, ...],
    int8: Int8Figures,
    seed: int,
    battery: tuple[BatteryCopy, ...],
    groups: LabelGroups,
    files: dict[str, str],
) -> Manifest:
    """The manifest of a bundle that holds `files`, by their hashes, and whose copies are of `transformation`."""
    info, scales, network = run.info, model.network.activations, model.network.network

    def output(name: str) -> OutputTensor:
        return OutputTensor(network.tensors[name].size, float(scales[name].scale), scales[name].zero_point)

    shape = (1, 1, network.input.length, network.input.channels)
    return Manifest(
        name=report.name,
        task=info.task,
        transformation=transformation,
        method=info.method,
        labels=info.labels,
        partition=run.partition,
        kept=tuple(run.partition.kept.tolist()),
        run_hash=report.run_hash,
        window=info.window,
        frontend=model.frontend,
        input=InputTensor(shape, float(scales["input"].scale), scales["input"].zero_point),
        outputs=Outputs(features=output(FEATURES), logits=output(LOGITS)),
        split=SplitName(info.split.name, info.split.leaky),
        data=info.data.name,
        seed=seed,
        thresholds=model.thresholds,
        decision=model.decision,
        transforms=transforms,
        model_hash=model.hash,
        cost=report.cost,
        streaming=report.streaming,
        int8=int8,
        battery=battery,
        label_groups=tuple(groups),
        files=files,
    )
