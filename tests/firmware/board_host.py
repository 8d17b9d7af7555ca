"""A greeted board and the exchanges that its tests need; answers are checked with fixture_model/make_model.py."""

import importlib.util
import zlib
from pathlib import Path

import numpy as np

from firmware_host.link import Link
from firmware_host.messages import BoardError, Result, window_chunk
from firmware_host.protocol import ANSWER, Frame, Type, encode

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "tests" / "firmware" / "fixture_model"
TIMEOUT_S = 20.0

_spec = importlib.util.spec_from_file_location("make_model", FIXTURE / "make_model.py")
model = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(model)


def receive(link: Link) -> list[Frame]:
    """At least one frame."""
    deadline = link.now() + TIMEOUT_S
    while not (frames := link.receive(TIMEOUT_S)):
        assert link.now() < deadline, "the board fell silent"
    return frames


class Host:
    """A greeted board and the exchanges that the tests need."""

    def __init__(self, link: Link, name: str) -> None:
        self.link, self.name, self.hello = link, name, link.greet()

    def collect(self) -> list[Frame]:
        """All answers until that of a STATS request sent now."""
        seq, _size = self.link.send(Type.STATS)
        frames: list[Frame] = []
        while not frames or frames[-1].seq != seq:
            frames += receive(self.link)
        return frames[:-1]

    def raw(self, data: bytes) -> list[Frame]:
        """The answers to bytes that are no frame of ours."""
        self.link._write(data)
        return self.collect()

    def refusal(self, kind: int, payload: bytes = b"") -> BoardError:
        (frame,) = self.raw(encode(Frame(kind, 4321, payload)))
        assert (frame.type, frame.seq) == (Type.ERROR, 4321)
        return BoardError.parse(frame.payload)

    def send_window(self, number: int, counts: np.ndarray, cuts: tuple[int, ...] = ()) -> tuple[Result, int, int]:
        """The result, the sequence number of the last chunk and that of the result."""
        edges = (0, *cuts, len(counts))
        for start, end in zip(edges, edges[1:], strict=False):
            last, _size = self.link.send(Type.WINDOW, window_chunk(number, start, counts[start:end]))
        (frame,) = self.collect()
        assert frame.type == Type.WINDOW | ANSWER
        return Result.parse(frame.payload, model.FEATURES, model.CLASSES), last, frame.seq

    def bench(self) -> int:
        return int.from_bytes(self.link.request(Type.BENCH).payload, "little")


def some_counts(rng: np.random.Generator, samples: int = model.RAW_SAMPLES) -> np.ndarray:
    """Counts that take the input from one limit of int8 to the other, never an int16 limit."""
    return rng.integers(-4000, 4000, (samples, model.CHANNELS)).astype(np.int16)


def check_result(result: Result, window: np.ndarray) -> None:
    """`window`: the network's input, int8 (16, 6)."""
    features, logits = model.network(window)
    assert result.input_crc32 == zlib.crc32(window.tobytes())
    assert result.features.tolist() == features
    assert result.logits.tolist() == logits
    assert result.predicted == logits.index(max(logits))
