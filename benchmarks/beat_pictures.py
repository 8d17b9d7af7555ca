"""Plays the recordings of a bundle of heartbeats to the native board and writes results/beat_pictures.json: what the
pictures of docs/HEARTBEATS.md show of its answers.

    python benchmarks/beat_pictures.py build/beat-seeds/bundle-features-0

benchmarks/update_docs.py draws them.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from firmware_host.beat_measure import against_annotations, ask
from firmware_host.beat_pictures import pictures
from firmware_host.board import open_board
from firmware_host.playing_beats import spec_of
from scl.artifacts import write_bytes
from scl.artifacts.bundle import read_bundle
from scl.artifacts.golden_beats import read_golden_beats
from scl.pages import beat_charts
from scl.pages.beat_charts import Stretch, Tachogram
from scl.pages.svg_file import svg_file

RESULTS = Path(__file__).parent / "results" / "beat_pictures.json"
IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH = 560  # of a picture


@dataclass(frozen=True)
class Picture:
    """A picture of docs/images: its file's name, its alt text, what is said below it, and itself."""

    name: str
    alt: str
    caption: str
    svg: str


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("bundle", type=Path)
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args()
    bundle = read_bundle(arguments.bundle)
    golden = read_golden_beats(bundle)
    with open_board(bundle, "native") as board:
        answered = ask(board, bundle, golden)
    drawn = pictures(golden, answered.stretches, bundle.manifest)
    if answered.stopped is not None or drawn is None:
        raise SystemExit(f"{arguments.bundle}: {answered.stopped or 'no beat was answered'}")
    compared = against_annotations(golden, answered.stretches, spec_of(bundle.manifest))
    held = {"kind": "beat_pictures", "schema": 1, "matrix": compared.all.matrix, **asdict(drawn)}
    write_bytes(arguments.results, (json.dumps(held, separators=(",", ":")) + "\n").encode())


def drawn_of(held: dict) -> list[Picture]:
    """The pictures of the results."""
    stretch = Stretch(**{name: _pairs(value) for name, value in held["stretch"].items()})
    intervals = Tachogram(**{name: _pairs(value) for name, value in held["intervals"].items()})
    matrix = tuple(map(tuple, held["matrix"]))
    said = " ".join(label for _, label in stretch.beats)
    right = stretch.beats and [label for _, label in stretch.beats] == [label for _, label in stretch.annotated]
    missed, extra = sum(row[5] for row in matrix[:5]), sum(matrix[5][:5])
    begin, end = (f"{int(at) // 60}:{at % 60:04.1f}" for at in (stretch.begin_s, stretch.begin_s + 8))
    return [
        Picture(
            "heartbeats-ecg",
            f"Eight seconds of ECG; the board's beats are {said}",
            f"Record {stretch.record}, {begin} to {end}: the first eight seconds of DS2 in which most of N, S and V "
            f"are annotated. A dot is a beat of the board; above, its class and the annotated one, "
            f"{'which agree here' if right else 'which differ here'}.",
            svg_file(beat_charts.ecg("ecg", stretch, WIDTH)),
        ),
        Picture(
            "heartbeats-rr",
            f"The intervals of record {intervals.record} over time; early beats lie below the band of normal ones",
            f"The interval before each beat of record {intervals.record}, in which the board names S and V most often "
            "(the rarer of the two counts).",
            svg_file(beat_charts.tachogram("rr", intervals, WIDTH)),
        ),
        Picture(
            "heartbeats-matrix",
            f"Annotated beats by the board's classes; {missed:,} beats are missed, {extra:,} are extra",
            "All of DS2 without each record's first five minutes: annotated beats by the board's, with those that it "
            f"missed ({missed:,}) and those that are no annotated beats ({extra:,}). The tint is the share of the row.",
            svg_file(beat_charts.matrix("matrix", matrix, WIDTH)),
        ),
    ]


def page(pictures: list[Picture]) -> str:
    """Markdown of docs/HEARTBEATS.md."""
    return "\n\n".join(f"![{one.alt}](images/{one.name}.svg)\n\n{one.caption}" for one in pictures)


def write_pictures(pictures: list[Picture], folder: Path = IMAGES) -> None:
    """Each as NAME.svg."""
    for one in pictures:
        (folder / f"{one.name}.svg").write_text(one.svg, encoding="utf-8")


def _pairs(value: object) -> object:
    """Lists of lists as tuples of tuples."""
    return tuple(map(_pairs, value)) if isinstance(value, list) else value


if __name__ == "__main__":
    main()
