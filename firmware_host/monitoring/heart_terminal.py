"""Heartbeats of the monitor in a terminal; the lead is disturbed by itself, one way after the other."""

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from firmware_host.monitoring.disturbance import Disturbance
from firmware_host.monitoring.heart_played import PlayedHeart
from firmware_host.monitoring.heart_shown import HeartState, RhythmShown
from firmware_host.monitoring.heart_state import about_heart, state_heart
from firmware_host.monitoring.messages import Disturb
from scl.terminal import PlainConsole

REFRESH_S = 0.25
EACH_S = 15.0  # of ECG that is disturbed in one way
WAYS = (
    Disturbance(),
    Disturbance(gain=2.0),
    Disturbance(gain=0.5),
    Disturbance(wander_mv=1.0),
    Disturbance(inverted=True),
)
LATEST = 12  # beats


def way(seconds: float) -> Disturb:
    """How the lead is disturbed so many seconds after a recording's begin."""
    one = WAYS[int(seconds / EACH_S) % len(WAYS)]
    return Disturb("disturb", one.gain, one.wander_mv, one.inverted)


def show_heart(session: PlayedHeart) -> None:
    """Shows states until the session ends or Ctrl-C is pressed."""
    wanted = None
    with Live(console=PlainConsole(), auto_refresh=False) as live:
        while not session.ended:
            with session.changed:
                if (order := way(session.position / session.rate_hz)) != wanted:
                    session.order(order)
                    wanted = order
            live.update(rendered_heart(session), refresh=True)
            with session.changed:
                session.changed.wait(REFRESH_S)


def rendered_heart(session: PlayedHeart) -> Group:
    """The state as a table, and what it means."""
    now, facts = state_heart(session), about_heart(session)
    board, lines = now["boards"][0], []
    if board["link"] != "ok":
        lines.append(Text(f"{facts['model']}: {board['link']}: {board['cause']}", style="bold red"))
    table = Table("", "", title=f"{facts['model']} on {board['board']}: {now['label']}, {now['place']}")
    for name, value in _rows(now):
        table.add_row(name, value)
    return Group(*lines, table, Text(facts["notice"]), Text("Disturbed by itself, in turn. Ctrl-C ends it."))


def _rows(now: HeartState) -> list[tuple[str, str]]:
    rows = [("latest beats", "  ".join(beat["name"] for beat in now["beats"][-LATEST:]) or "none yet")]
    if now["truth"]:
        rows.append(("annotated", "  ".join(str(name) for _seconds, name in now["truth"][-LATEST:])))
    if now["rhythm"] is not None:
        rows += _rhythm_rows(now["rhythm"])
    if now["median_latency_s"] is not None:
        rows.append(("from R to the answer", f"{now['median_latency_s']:.2f} s on the median"))
    if (one := now["agreement"]) is not None:
        classes = ", ".join(f"{c['name']} {c['same']} of {c['known']}" for c in one["classes"]) or "none yet"
        rows.append(("as annotated", f"{classes}; {one['missed']} missed, {one['extra']} extra"))
    change = now["disturbance"]
    inverted = ", inverted" * change["inverted"]
    rows.append(("sent", f"gain {change['gain']:g}, baseline wander {change['wander']:g} mV{inverted}"))
    if (kept := now["kept"]) is not None:
        rows.append(("kept their class, disturbed", f"{kept['equal']} of {kept['compared']}"))
    return rows


def _rhythm_rows(rhythm: RhythmShown) -> list[tuple[str, str]]:
    rate, rmssd = rhythm["heart_rate"], rhythm["rmssd_ms"]
    return [
        ("heart rate", "unknown" if rate is None else f"{rate:.1f}/min"),
        ("RMSSD", "unknown" if rmssd is None else f"{rmssd} ms"),
        ("irregular", f"{rhythm['irregular']:.0%} of the latest 64 differences"),
        ("pauses, couplets, runs of V", f"{rhythm['pauses']}, {rhythm['couplets']}, {rhythm['runs']}"),
        ("worst of ten seconds", rhythm["worst"]),
        ("usual R peak", {True: "down", False: "up", None: "unknown, polarity corrected"}[rhythm["downward"]]),
    ]
