"""How long to wait for an answer, from the round trips so far: RFC 6298, "Computing TCP's Retransmission Timer".

    first round trip R:   srtt = R                                   rttvar = R / 2
    every later one R:    srtt = 7/8 srtt + 1/8 R                    rttvar = 3/4 rttvar + 1/4 |srtt before - R|
    time-out:             srtt + max(GRANULARITY_S, 4 rttvar), at most `longest_s`; doubled by every silence in a row

TCP doubles without end, since a silence tells of a crowded network. Ours tells of a damaged line or of a board that is
slower than it was, so four doublings are enough: behind them a lost answer costs 16 times the usual wait, not more.

TCP has to leave out the answers to what was sent twice (Karn's rule), as it cannot tell which sending they are for.
Here every sending has a sequence number of its own, so every answer counts.
"""

from dataclasses import dataclass

GRANULARITY_S = 0.02  # USB serial adapters hold bytes back for up to 16 ms, schedulers for some more
MOST_DOUBLINGS = 4


@dataclass
class RoundTrip:
    """The estimator. `longest_s` is the longest time-out, and the one before anything was measured."""

    longest_s: float
    srtt_s: float | None = None  # smoothed round trip; None before the first
    rttvar_s: float = 0.0  # smoothed distance of a round trip from it
    silences: int = 0  # in a row

    @property
    def timeout_s(self) -> float:
        """How long to wait for the next answer before sending again."""
        if self.srtt_s is None:
            return self.longest_s
        timeout_s = self.srtt_s + max(GRANULARITY_S, 4 * self.rttvar_s)
        return min(timeout_s * (1 << min(self.silences, MOST_DOUBLINGS)), self.longest_s)

    def add(self, seconds: float) -> None:
        """An answer came `seconds` after its request was sent; ends the doubling."""
        if self.srtt_s is None:
            self.srtt_s, self.rttvar_s = seconds, seconds / 2
        else:
            self.rttvar_s += (abs(self.srtt_s - seconds) - self.rttvar_s) / 4
            self.srtt_s += (seconds - self.srtt_s) / 8
        self.silences = 0

    def backoff(self) -> None:
        """No answer came within `timeout_s`: the next one is twice as long."""
        self.silences += 1

    def alive(self) -> None:
        """Something came, though not a whole answer: the line damages, the board is not slow. Ends the doubling."""
        self.silences = 0
