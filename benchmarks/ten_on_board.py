"""Three of the ten figures: exactness, what int8 costs, what a window costs. See ten_figures.py."""

import json
import re

import ablations
from pictures import Bar, Figure, bars

FOLDER = ablations.RESULTS.parent
CORES = {"mps2-an385": "Cortex-M3", "mps2-an386": "Cortex-M4F", "mps2-an500": "Cortex-M7", "mps2-an505": "Cortex-M33"}
CORES["mps3-an547"] = "Cortex-M55"


def on_the_board() -> list[Figure]:
    """All three."""
    return [_exact(), _int8(), _cost()]


def _text(name: str, pattern: str) -> list[str]:
    """What a pattern finds in a log that a command printed, where it stands on one line."""
    text = re.sub(r"\s*│\n│\s+│\s*", " ", (FOLDER / name).read_text("utf-8"))
    match = re.search(pattern, text)
    if not match:
        raise SystemExit(f"{name}: nothing matches {pattern}")
    return list(match.groups())


def _exact() -> Figure:
    boards = [
        _text(f"{name}.txt", r"parity, largest difference in steps +│ +(\d+) over (\d+) windows")
        for name in ("demo", "demo-strip")
    ]
    (c,) = _text("demo_export.txt", r"TFLite Micro and C +│ equal in every bit over ([\d,]+) inputs")
    others = {
        label: float(_text("demo_export.txt", rf"TFLite Micro and {label} +│ ([\d.]+)% of values differ")[0])
        for label in ("LiteRT XNNPACK", "ONNX Runtime")
    }
    largest, windows = max(int(step) for step, _ in boards), sum(int(count) for _, count in boards)
    rows = [
        Bar("the board", largest, f"{largest} of {windows:,} windows", strong=True),
        Bar("the C on this computer", 0, f"0 of {c} inputs"),
        *(Bar(label, value, f"{value:g} % of values") for label, value in others.items()),
    ]
    return Figure(
        "exact",
        "The board computes what the desktop computes, in every bit",
        f"Over {windows:,} windows of `make demo` and `make demo-strip`, sent to the emulated Cortex-M4F, the largest "
        f"difference to TensorFlow Lite Micro is {largest}. It is a comparison of every output, so there is no "
        f"interval. Other runtimes round otherwise: ONNX Runtime gives another value in {others['ONNX Runtime']:g} % "
        "of outputs, nearly always by one step.",
        "board.md",
        bars(
            "Outputs that differ from TensorFlow Lite Micro",
            rows,
            (0, 25),
            [(v, f"{v} %") for v in (0, 5, 10, 15, 20, 25)],
        ),
    )


def _int8() -> Figure:
    rows = []
    for name, sensor in (("demo", "IMU"), ("demo-strip", "ECG")):
        for figure, label in (("macro F1, originals and copies", "macro F1"), ("consistency", "consistency")):
            value, low, high = map(
                float,
                _text(
                    f"{name}_export.txt",
                    rf"int8 loses: {figure} +│ ([+-][\d.]+) points, 95 % interval ([+-][\d.]+) to ([+-][\d.]+)",
                ),
            )
            text = f"{value:+.2f} ({low:+.2f} to {high:+.2f})"
            rows.append(Bar(f"{sensor}: {label}", value, text, (low, high), (sensor, label) == ("IMU", "consistency")))
    return Figure(
        "int8",
        "What rounding to int8 costs",
        f"Rounded to int8 the IMU demo loses {rows[1].text} points of consistency and {rows[0].text} of macro F1, "
        f"that of ECG strips {rows[3].text} and {rows[2].text} (95 % intervals, clustered by person). Less than zero "
        "is a gain.",
        "board.md",
        bars(
            "Points that int8 loses",
            rows,
            (-1.5, 1.5),
            [(v, f"{v:+g}" if v else "0") for v in (-1.5, -1, -0.5, 0, 0.5, 1, 1.5)],
        ),
    )


def _cost() -> Figure:
    engine = json.loads((FOLDER / "device.json").read_text("utf-8"))
    imu = engine["networks"]["imu"]
    counts = {imu["board"]: imu["instructions"]} | engine["other_boards"]["imu"]
    rows = [
        Bar(core, counts[board] / 1e6, f"{counts[board]:,}", strong=board == imu["board"])
        for board, core in CORES.items()
    ]
    return Figure(
        "cost",
        "What a window costs on the board",
        f"The IMU encoder takes {imu['instructions']:,} instructions on a Cortex-M4F for a window of 10 s, "
        f"{imu['flash_bytes']:,} bytes of flash and {imu['ram_bytes']:,} of RAM. They are counted by the emulator, the "
        "same in every run: no interval, and neither cycles nor milliseconds.",
        "board.md",
        bars("Millions of instructions for a window", rows, (0, 8), [(v, f"{v} M") for v in (0, 2, 4, 6, 8)]),
    )
