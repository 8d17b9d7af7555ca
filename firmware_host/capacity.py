"""How much may be on its way to a board. It says in HELLO how many bytes it holds while its main loop is away in the
network (`receive`); what comes beyond that is lost.
"""

from firmware_host.hello import CHUNK_HEADER, Hello
from firmware_host.protocol import MAX_PAYLOAD, payload_size, wire_size

MARKER_BYTES = wire_size(0) + 1  # a STATS request and the flush before it
_MARKERS = 32  # that have room behind everything else: one after each of so many silences in a row


def reserve_bytes(receive: int) -> int:
    """What stays free for markers, a quarter of the room at most."""
    return min(_MARKERS * MARKER_BYTES, receive // 4)


def chunk_samples(hello: Hello) -> int:
    """Samples of one WINDOW or SAMPLES frame: as many as the board takes, and as it holds with a marker behind them. At
    least one: a frame that is longer than what the board holds may go to a board that waits for it.
    """
    room = payload_size(hello.receive - MARKER_BYTES - reserve_bytes(hello.receive))
    return max(1, (min(hello.max_payload, MAX_PAYLOAD, room) - CHUNK_HEADER) // hello.sample_bytes)
