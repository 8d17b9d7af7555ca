"""Writes a subject's recording as a capture file: the counts a sensor would have given, to be played to a board.

python -m export.recording RUN --subject 1601 --out walk.csv
python -m firmware_host.stream BUNDLE --port emulator --record walk.csv --speed max
"""

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from calibration.sensor_file import load_sensor
from export.replay import to_counts
from scl.artifacts import InputError, command, write_bytes
from train.data.polyphase import design


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m export.recording`."""
    options = argparse.ArgumentParser(prog="python -m export.recording", description=__doc__.splitlines()[0])
    options.add_argument("run", type=Path, help="run folder; names the data set, the sensors and the test subjects")
    options.add_argument("--subject", type=int, help="whose recording (default: the first test subject)")
    options.add_argument("--seconds", type=float, default=30.0, help="of each activity (default 30)")
    options.add_argument("--sensor", default="replay-imu", help="sensor file, as for export.quantize")
    options.add_argument("--data", type=Path, help="the recordings, if not below SCL_DATA_DIR")
    options.add_argument("--out", type=Path, required=True, help="capture file to write (CSV)")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    from scipy.signal import resample_poly

    from train.data import recordings_for_run
    from train.runs import load_run

    run = load_run(arguments.run)
    recordings = recordings_for_run(run, arguments.data)
    subject = run.info["split"]["test"][0] if arguments.subject is None else arguments.subject
    blocks = [block for block in recordings.blocks if block.group == subject]
    if not blocks:
        raise InputError(f"{recordings.name}: has no subject {subject}; there are {recordings.groups.tolist()}")
    sensor = load_sensor(arguments.sensor).select([part["kind"] for part in run.info["sensors"]])
    resampler = design(sensor.rate_hz, recordings.rate_hz)
    samples = round(arguments.seconds * recordings.rate_hz)
    parts, labels = [], []
    for block in blocks:
        x = block.x[None, :, :samples].astype(np.float64)
        if resampler.phase_taps:
            x = resample_poly(x, resampler.down, resampler.up, axis=2, padtype="line")
        counts, _ = to_counts(x, sensor.as_dict()["sensors"])
        parts.append(counts[0])
        labels += [recordings.labels[block.label]] * len(counts[0])
    out = io.StringIO()
    out.write(f"# kind: capture\n# schema: 1\n# sensor: {sensor.name}\n# rate_hz: {sensor.rate_hz!r}\n# dropped: 0\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*recordings.channels, "label"])
    writer.writerows([*row, label] for row, label in zip(np.concatenate(parts).tolist(), labels, strict=True))
    write_bytes(arguments.out, out.getvalue().encode())
    print(
        f"{arguments.out}: {len(labels)} samples of subject {subject}, {len(blocks)} recordings, {sensor.rate_hz:g} Hz"
    )
    return 0


if __name__ == "__main__":
    command(main)
