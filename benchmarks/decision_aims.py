"""What was aimed at for decisions over time, beside what results/decisions.json has, for update_docs.py."""

from collections.abc import Sequence

from common import spread

Row = dict
# What, of which sensors, bouts and filter (s), the figure, the aim, and whether it is a least or a most.
AIMS = (
    ("windows alone, macro F1", "accel+gyro", 0, 0, "macro_f1", 0.845, True),
    ("windows alone, macro F1, accelerometer", "accel", 0, 0, "macro_f1", 0.79, True),
    ("the filter in bouts of 60 s, macro F1", "accel+gyro", 60, 60, "macro_f1", 0.87, True),
    ("the filter in bouts of 3 min, macro F1", "accel+gyro", 180, 60, "macro_f1", 0.89, True),
    (
        "unsure, 90 % answered, the filter in bouts of 60 s, macro F1",
        "accel+gyro",
        60,
        60,
        "answered_macro_f1",
        0.9,
        True,
    ),
    ("unsure, 90 % answered, in bouts of 3 min, macro F1", "accel+gyro", 180, 60, "answered_macro_f1", 0.9, True),
    ("expected calibration error of windows alone", "accel+gyro", 0, 0, "ece", 0.05, False),
)


def table(rows: Sequence[Row]) -> str:
    """Markdown: the aim, the mean over the folds with half its 95 % interval, and whether the mean meets the aim.

    Examples:
        >>> row = {"sensors": "accel", "bout_s": 0, "stay_s": 0, "macro_f1": 0.8}
        >>> print(table([row]).splitlines()[-1])
        | windows alone, macro F1, accelerometer | 0.79 or more | 1 | 0.800 | yes |
    """
    lines = ["| figure | aim | folds | reached | met by the mean |", "| --- " * 5 + "|"]
    for what, sensors, bout_s, stay_s, name, aim, least in AIMS:
        key = (sensors, bout_s, stay_s)
        values = [row[name] for row in rows if (row["sensors"], row["bout_s"], row["stay_s"]) == key]
        if values:
            mean = sum(values) / len(values)
            met = "yes" if (mean >= aim if least else mean <= aim) else "no"
            asked = f"{aim:g} or {'more' if least else 'less'}"
            lines.append(f"| {what} | {asked} | {len(values)} | {spread(values)} | {met} |")
    return "\n".join(lines)
