"""The monitor in a terminal, for machines without a browser: the watch turns slowly by itself."""

import math
from collections.abc import Iterator

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from firmware_host.monitoring.messages import Shift, Turn
from firmware_host.monitoring.session import Session
from firmware_host.monitoring.shown import ReadingShown, State
from firmware_host.monitoring.state import about, state
from scl.terminal import PlainConsole

REFRESH_S = 0.25
BAR = 12  # characters
DEGREES = 15.0  # a step
AXIS = (1 / math.sqrt(3),) * 3  # between all three, so that no channel keeps its values
SHIFTS = 24  # steps from the least shift to the most


def orders(session: Session) -> Iterator[Turn | Shift | None]:
    """How each step is moved: turned on by DEGREES about AXIS, shifted further, or not at all."""
    number = 0
    while True:
        number += 1
        least, most = session.source.shifts
        if session.turns:
            half = math.radians(DEGREES * number) / 2
            x, y, z = (part * math.sin(half) for part in AXIS)
            yield Turn("turn", (math.cos(half), x, y, z))
        elif least < most:
            yield Shift("shift", least + round((most - least) * (number % (SHIFTS + 1)) / SHIFTS))
        else:
            yield None


def show(session: Session) -> None:
    """Shows states until the session ends or Ctrl-C is pressed."""
    moves, step = orders(session), -1
    with Live(console=PlainConsole(), auto_refresh=False) as live:
        while not session.ended:
            with session.changed:
                if session.current.turn != step and (move := next(moves)) is not None:
                    session.order(move)
                step = session.current.turn
            live.update(rendered(session), refresh=True)
            with session.changed:
                session.changed.wait(REFRESH_S)


def rendered(session: Session) -> Group:
    """The state as a table, and what it means."""
    now, facts = state(session), about(session)
    table = Table("", "as recorded", "as moved", "", "consistency", title=f"{now['place']}  {now['label']}")
    lines: list[Text] = []
    for board, fact in zip(now["boards"], facts["boards"], strict=True):
        if board["link"] != "ok":
            lines.append(Text(f"{fact['model']}: {board['link']}: {board['cause']}", style="bold red"))
        plain, moved = board["plain"], board["moved"]
        if plain is None:
            continue
        verdict = {None: "not moved", True: "holds", False: "flips"}[board["holds"]]
        style = {None: "", True: "green", False: "bold red"}[board["holds"]]
        pairs = board["pairs"]
        table.add_row(
            f"{fact['model']} on {board['board']}",
            _class(plain),
            _class(moved or plain),
            Text(verdict, style=style),
            f"{_share(pairs['equal'], pairs['compared'])} ({pairs['equal']} of {pairs['compared']})",
        )
    return Group(*lines, table, Text(_moved(now, session)))


def _moved(now: State, session: Session) -> str:
    least, most = session.source.shifts
    if session.turns:
        return f"The watch turns by itself, {DEGREES:g} degrees a step about the axis (1, 1, 1). Ctrl-C ends it."
    if least < most:
        return f"The window begins {now['shift']} samples later, by itself, {least} to {most}. Ctrl-C ends it."
    return f"{about(session)['unmoved']} Ctrl-C ends it."


def _class(reading: ReadingShown) -> str:
    confidence = reading["confidence"]
    if confidence is None:
        return reading["name"]
    filled = round(BAR * confidence)
    return f"{reading['name']} {'█' * filled}{'·' * (BAR - filled)} {confidence:4.0%}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"
