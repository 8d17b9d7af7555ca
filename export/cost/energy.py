"""What a model takes of a battery, estimated: modelled cycles at the current that data sheets state for a running core.

The processor alone, asleep for nothing between answers: sensor, radio, memory that is kept and the regulator come on
top. A part that waits for its flash takes more cycles than are modelled (`export.cost.cycles`).
"""

from dataclasses import dataclass

CELL_MAH = 100.0


@dataclass(frozen=True)
class Part:
    """A microcontroller with a Cortex-M4F and the current of its core, in microamperes for each MHz."""

    name: str
    ua_per_mhz: float
    source: str


# Each is what the front page or the table of currents of the part's data sheet states, at about 3 V, from flash.
PARTS = (
    Part("Nordic nRF52840", 52.0, "product specification: 3.3 mA at 64 MHz, CoreMark from flash, DC/DC, 3 V"),
    Part("ST STM32L476", 100.0, "data sheet: run mode"),
    Part("Ambiq Apollo3 Blue", 6.0, "data sheet: from flash, 3.3 V"),
)


@dataclass(frozen=True)
class Energy:
    """Of one part: the mean current in microamperes, and hours that a cell of CELL_MAH lasts for that alone."""

    part: str
    ua_per_mhz: float
    mean_ua: float
    hours: float


def estimates(cycles_per_answer: float, cycles_per_second: float, hop_s: float) -> tuple[Energy, ...]:
    """Of each of PARTS.

    Args:
        cycles_per_answer: of the network and what follows it.
        cycles_per_second: of the front end, which runs all the time.
        hop_s: seconds from one answer to the next.
    """
    megahertz = (cycles_per_answer / hop_s + cycles_per_second) / 1e6
    return tuple(
        Energy(part.name, part.ua_per_mhz, megahertz * part.ua_per_mhz, 1e3 * CELL_MAH / (megahertz * part.ua_per_mhz))
        for part in PARTS
    )
