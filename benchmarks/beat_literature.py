"""Sensitivity and positive predictive value of S and V that others published on the same split, beside ours.

Published figures are those of the papers' tables as reviews and later papers quote them; what is not known to us is a
dash. Ours come from results/beat_seeds.json and results/ecg_methods.json; update_docs.py puts the table on its pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from common import spread

UNKNOWN = "-"


@dataclass(frozen=True)
class Published:
    """A row; percentages as printed there."""

    who: str
    s: str  # Se / PPV
    v: str
    leads: str = UNKNOWN
    peaks: str = UNKNOWN
    size: str = UNKNOWN


PUBLISHED = (
    Published("de Chazal 2004, linear discriminants", "76 / 38", "77 / 82", "2", "annotated"),
    Published("Llamedo 2011", "77 / 39", "81 / 87", peaks="annotated"),
    Published("Mar 2011", "83 / 33", "86 / 75", peaks="annotated"),
    Published("Lin 2014", "81 / 31", "86 / 73", peaks="annotated"),
    Published("Huang 2014", "91 / 42", "94 / 91", peaks="annotated"),
    Published("Farag 2023, a CNN of matched filters", "85 / -", "96 / -", size="15 kB model"),
)


def table(seeds: Sequence[dict], ecg: Sequence[dict]) -> str:
    """Markdown. DS1 trains and DS2 tests in every row; ours are means over the seeds of each result."""
    own = [row for row in seeds if row["input"] == "features"]
    cnn = [row for row in ecg if (row["task"], row["method"]) == ("beat", "scl")]

    def both(rows: Sequence[dict], se: str, ppv: str) -> str:
        return " / ".join(spread((100 * row[name] for row in rows), 1) for name in (se, ppv))

    def row(who: str, rows: Sequence[dict], peaks: str, size: str, of: str = "") -> str:
        s, v = (both(rows, f"{kind} Se{of}", f"{kind} PPV{of}") for kind in "SV")
        return f"| {who} | {s} | {v} | 1 | DS1 / DS2 | {peaks} | {size} |"

    size = f"{max(row['flash_bytes'] for row in own) / 1000:.1f} kB flash: engine, model, front end"
    lines = [
        "| who | S Se / PPV, % | V Se / PPV, % | leads | split | R peaks | size |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [f"| {p.who} | {p.s} | {p.v} | {p.leads} | DS1 / DS2 | {p.peaks} | {p.size} |" for p in PUBLISHED]
    lines += [
        row("ours, a CNN on windows (`--input raw`, float)", cnn, "annotated", UNKNOWN),
        row("**ours, on the board**", own, "found by the board", size),
        row("ours, without record 232", own, "found by the board", "the same", " without 232"),
    ]
    return "\n".join(lines)
