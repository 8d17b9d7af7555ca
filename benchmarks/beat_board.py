"""What a board answers to recordings of heartbeats, on this computer: the firmware's own C without its link, which
answers as boards do in every bit (beat_board.c).
"""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from firmware_host.beat_lines import unreadable
from firmware_host.beat_measure import UNCLASSIFIABLE
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import Manifest
from scl.ec57.beats import CLASSES, Series
from scl.ec57.comparison import RecordFigures, Summary, compare, summarize
from scl.frontend.counts import to_counts
from scl.frontend.resampler import to_rate
from scl.frontend.spec import FrontEndSpec
from scl.machines import FIRMWARE
from scl.toolchain import ROOMS, sources
from train.data.recordings import Block, Recordings

# Counts (samples, 1) to answers int64 (beats, 3 + values): R peak, class, flags, and the measured values by 2^12.
Board = Callable[[np.ndarray], np.ndarray]
DRIVER = Path(__file__).with_suffix(".c")
APP = ("input", "model", "rhythm")  # of firmware/src/app
STRICT = ("-std=c99", "-O2", "-ffp-contract=off", "-DSCL_STRICT_FLAGS")
ABSTAINED = 65535
MOST_S = "232"  # the record that most S beats of DS2 are of


def board_of(bundle: Bundle[Manifest], folder: Path) -> Board:
    """A bundle's firmware, compiled into a folder."""
    program = folder / bundle.path.name
    app = [FIRMWARE / "src" / "app" / f"{name}.c" for name in APP]
    files = [DRIVER, bundle.path / "c" / "model_data.c", *app, *sources("engine", "frontend")]
    rooms = [f"-I{FIRMWARE / 'src' / room}" for room in ROOMS]
    subprocess.run(["gcc", *STRICT, *rooms, f"-I{bundle.path / 'c'}", *files, "-lm", "-o", program], check=True)

    beats = bundle.manifest.frontend.beats
    assert beats is not None  # as of all bundles of beats

    def answers(counts: np.ndarray) -> np.ndarray:
        done = subprocess.run([program], input=counts.astype("<i2").tobytes(), stdout=subprocess.PIPE, check=True)
        return np.frombuffer(done.stdout, "<i4").reshape(-1, 3 + len(beats.names)).astype(np.int64)

    return answers


def counts_of(block: Block, spec: FrontEndSpec, rate_hz: float | None = None) -> np.ndarray:
    """A recording of a rate (None: the sensor's) as the sensor counts it, int16 (samples, 1)."""
    x = to_rate(block.x[None].astype(np.float64), rate_hz or spec.sensor.rate_hz, spec.sensor.rate_hz)
    return np.asarray(to_counts(x, spec.sensor)[0][0])


def annotated(block: Block, recordings: Recordings) -> Series:
    """A block's annotated beats."""
    place = np.array([CLASSES.index(label) for label in recordings.labels])
    order = np.argsort(block.beats[:, 0], kind="stable")
    return Series(block.beats[order, 0], place[block.beats[order, 1]])


def judged(board: Board, spec: FrontEndSpec, name: str, counts: np.ndarray, reference: Series) -> RecordFigures:
    """A board's answers to a recording against its annotations, by EC57."""
    at, classes = board(counts)[:, :2].T
    said = np.where(classes == ABSTAINED, UNCLASSIFIABLE, classes)
    return compare(name, reference, Series(at, said, unreadable(counts, spec)), spec.sensor.rate_hz)


def row_of(figures: Sequence[RecordFigures]) -> dict[str, float]:
    """QRS, V and S as sensitivity and PPV, and macro F1, of all records and without 232."""
    row: dict[str, float] = {}
    for suffix, without in (("", ()), (" without 232", (MOST_S,))):
        summary: Summary = summarize(figures, without)
        row["macro F1" + suffix] = round(summary.inter_patient.macro_f1 or 0.0, 5)
        for short, kind in (("QRS", summary.qrs), ("V", summary.veb), ("S", summary.sveb)):
            row[f"{short} Se{suffix}"] = round(kind.gross.sensitivity or 0.0, 5)
            row[f"{short} PPV{suffix}"] = round(kind.gross.ppv or 0.0, 5)
    return row
