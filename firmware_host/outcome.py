"""What came of sending windows to a board."""

from dataclasses import dataclass

from firmware_host.messages import Result

INCOMPLETE = "incomplete"  # the verdict of a measurement that lost answers or ended early


@dataclass
class Outcome:
    """What came back, by window index."""

    results: list[Result | None]  # None: lost
    latency_s: list[float]  # first byte handed to the port until the answer; NaN where lost
    attempts: list[int]  # 1, and one more for every time that a chunk of the window was sent again; 0: never begun
    duplicated: int = 0  # answers that came twice, or to a frame that was given up
    stopped: str = ""  # why the flight ended before its last window; empty: it did not

    @property
    def lost(self) -> int:
        return sum(result is None for result in self.results)

    @property
    def retried(self) -> int:
        """Times that chunks were sent again."""
        return sum(max(0, attempts - 1) for attempts in self.attempts)
