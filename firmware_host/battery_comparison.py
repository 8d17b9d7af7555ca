"""The batteries of two reports side by side: macro F1 under each nuisance, paired over the windows that both have."""

from collections.abc import Iterator

from firmware_host.battery_types import BatteryReport
from firmware_host.comparison import Difference, coded, common, paired_f1, taken
from firmware_host.windows_reader import Windows

AS_RECORDED = "as recorded"


def battery_differences(a: BatteryReport, first: Windows, b: BatteryReport, second: Windows) -> Iterator[Difference]:
    """What B's macro F1 exceeds A's by, as recorded and under each nuisance and strength that both have.

    Nothing of windows that they do not share, or whose labels differ.
    """
    places = {(rung.name, rung.strength): rung.row for rung in b.rungs} | {(AS_RECORDED, 0.0): 0}
    rows = [(AS_RECORDED, AS_RECORDED, 0.0, 0)]
    rows += [(", ".join(filter(None, (r.name, r.at))), r.name, r.strength, r.row) for r in a.rungs]
    for text, name, strength, row in rows:
        other = places.get((name, strength))
        if other is not None:
            yield from _difference(text, _of(first, row), _of(second, other))


def _of(windows: Windows, row: int) -> Windows:
    return taken(windows, (windows.transform == row).nonzero()[0])


def _difference(text: str, a: Windows, b: Windows) -> Iterator[Difference]:
    pairs = common(a, b)
    a, b = taken(a, pairs[0]), taken(b, pairs[1])
    if len(a.keys) and (a.label == b.label).all():
        truth, before, after = coded(a.label, a.predicted, b.predicted)
        yield paired_f1(text, truth, before, after, a.group)
