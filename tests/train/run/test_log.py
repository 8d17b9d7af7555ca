"""The log of a run: one that goes on, and what it imports."""

import subprocess
import sys
from pathlib import Path

from train.run.log import EpochLog


def test_a_resumed_log_knows_the_last_epoch_and_drops_what_is_repeated(tmp_path: Path) -> None:
    with EpochLog(tmp_path, 3) as log:
        for epoch in (1, 2, 3):
            log.epoch(epoch, {"d_variant": epoch / 100})
    with EpochLog(tmp_path, 3) as log:
        assert log.last["d_variant"] == 0.03
        log.epoch(2, {"d_variant": 0.5})  # killed before the checkpoint of epoch 2, which therefore runs again
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert lines == ['{"epoch": 1, "d_variant": 0.01}', '{"epoch": 2, "d_variant": 0.5}']


def test_tensorboard_reads_what_torch_s_own_writer_would_have_written(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    figures = [{"val_accuracy": 1 / 3, "task": 2.5}, {"val_accuracy": 0.1, "task": 1e-9}]
    with EpochLog(tmp_path, 2) as log:
        for epoch, row in enumerate(figures, 1):
            log.epoch(epoch, {**row, "gradient_norm": None})
    with SummaryWriter(str(tmp_path / "expected")) as writer:
        for epoch, row in enumerate(figures, 1):
            for name, value in row.items():
                writer.add_scalar(name, value, epoch)
    scalars = []
    for folder in ("tensorboard", "expected"):
        events = EventAccumulator(str(tmp_path / folder)).Reload()
        names = sorted(events.Tags()["scalars"])
        scalars.append({name: [(event.step, event.value) for event in events.Scalars(name)] for name in names})
    assert scalars[0] == scalars[1] and list(scalars[0]) == ["task", "val_accuracy"]


def test_logging_does_not_import_tensorflow(tmp_path: Path) -> None:
    """TensorBoard does by itself where tensorflow is installed: seconds per run, and noise on the terminal."""
    code = (
        "import sys; from pathlib import Path; from train.run.log import EpochLog\n"
        f"with EpochLog(Path({str(tmp_path)!r}), 1) as log: log.epoch(1, {{'loss': 1.0}})\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert [p.stat().st_size > 0 for p in (tmp_path / "tensorboard").iterdir()] == [True]
