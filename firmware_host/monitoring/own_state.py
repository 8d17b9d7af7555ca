"""The session of a board's own sensor in words and numbers, as the page shows it."""

from firmware_host.monitoring import shown
from firmware_host.monitoring.messages import POSITIONS
from firmware_host.monitoring.own import Own, Repeated
from firmware_host.monitoring.state import board_facts, channels_of, link_of, point_of, reading_of, recording_of, signal
from scl.text import printable

MOST_NAMED = 3  # classes of a position

NO_VERDICT = (
    "No verdict from one activity: a model that always says one class would keep it in every position. Repeat another "
    "activity in the same positions."
)


def about_own(own: Own) -> shown.About:
    """What stays the same for as long as the monitor runs."""
    return {
        "kind": "about",
        "own": POSITIONS,
        "source": "",
        "rate_hz": own.manifest.sensor.rate_hz,
        "channels": channels_of(own.manifest),
        "turns": False,
        "shifts": None,
        "records": True,
        "unmoved": "",
        "boards": [board_facts(own.manifest)],
    }


def state_own(own: Own) -> shown.State:
    """What is shown now."""
    with own.changed:
        repeated = own.repeated.get(own.activity, Repeated())
        (kept, others), right = repeated.kept, repeated.right(own.activity)
        return {
            "kind": "state",
            "place": f"{own.answers} answers, {own.missed} lost on the line; {own.dropped} samples lost on the board",
            "label": printable(own.activity),
            "paused": False,
            "quaternion": [1, 0, 0, 0],
            "shift": 0,
            "signal": signal(own.counts, own.manifest) if len(own.counts) else [],
            "boards": [
                {
                    **link_of(own, 0),
                    "serial": own.answers,
                    "plain": reading_of(own.reading, own.manifest),
                    "moved": None,
                    "holds": None,
                    "similarity": None,
                    "pairs": {"equal": kept, "compared": others},
                    "right": {"right": right, "known": repeated.answers},
                    "points": [point_of(point) for point in own.points],
                }
            ],
            "recording": recording_of(own),
            "own": {
                "activity": own.manifest.labels.index(own.activity) if own.activity else None,
                "position": own.position,
                "positions": [_position(classes.most_common(MOST_NAMED)) for classes in repeated.classes],
                "verdict": verdict(own),
            },
        }


def _position(classes: list[tuple[str, int]]) -> str:
    return printable(", ".join(f"{name} {count}" for name, count in classes))


def verdict(own: Own) -> str:
    """What all activities say together; none from one of them."""
    done = {name: one for name, one in own.repeated.items() if one.kept[1]}
    if len(done) < 2:
        return NO_VERDICT
    kept, others = (sum(one.kept[i] for one in done.values()) for i in range(2))
    answers = sum(one.answers for one in done.values())
    right = sum(one.right(name) for name, one in done.items())
    return (
        f"Over {len(done)} activities: {right} of {answers} answers are right ({right / answers:.0%}), and {kept} of "
        f"{others} in the other positions are the first position's class ({kept / others:.0%})."
    )
