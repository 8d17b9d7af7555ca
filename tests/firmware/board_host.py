"""A greeted board and the exchanges that its tests need; answers are checked with fixture_model/make_model.py."""

import importlib.util
import zlib
from pathlib import Path

import numpy as np

from firmware_host.link import Link
from firmware_host.messages import BoardError, Result, Stats, Wanted, window_chunk
from firmware_host.protocol import ANSWER, Frame, Type, encode
from scl.belief import DecisionSettings, decide_alone

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
        """All answers until that of a STATS request sent now: a test's own frames may have its number, not its type."""
        return self._until_stats()[:-1]

    def stats(self) -> Stats:
        """The board's counters, of one request: one that a busy computer repeats would count again, and be answered
        once more after this. Answers before it are passed over.
        """
        return Stats.parse(self._until_stats()[-1].payload)

    def _until_stats(self) -> list[Frame]:
        seq, _size = self.link.send(Type.STATS)
        frames: list[Frame] = []
        while not frames or (frames[-1].type, frames[-1].seq) != (Type.STATS | ANSWER, seq):
            frames += receive(self.link)
        return frames

    def answers(self, seqs: list[int]) -> list[Frame]:
        """Those to frames of these numbers; a request that was repeated on a busy computer may be answered twice."""
        return [frame for frame in self.collect() if frame.seq in seqs]

    def raw(self, data: bytes) -> list[Frame]:
        """The answers to bytes that are no frame of ours."""
        self.link._write(data)
        return self.collect()

    def refusal(self, kind: int, payload: bytes = b"") -> BoardError:
        self.link._write(encode(Frame(kind, 4321, payload)))
        (frame,) = self.answers([4321])
        assert frame.type == Type.ERROR
        return BoardError.parse(frame.payload)

    def wanted(self) -> int:
        """Number of the window that the board wants: a chunk of the 30,000th behind it changes nothing."""
        return self.chunk(30_000, 1, np.zeros((1, self.hello.channels), np.int16)).window

    def chunk(self, window: int, start: int, counts: np.ndarray) -> Wanted:
        """The answer to one chunk."""
        seq, _size = self.link.send(Type.WINDOW, window_chunk(window, start, counts))
        (frame,) = self.answers([seq])
        assert frame.type == Type.WINDOW | ANSWER
        return Wanted.parse(frame.payload, self.hello)

    def send_window(self, counts: np.ndarray, cuts: tuple[int, ...] = ()) -> Result:
        """The result of the window that the board wants, sent in pieces."""
        number, edges = self.wanted(), (0, *cuts, len(counts))
        sent = []
        for start, end in zip(edges, edges[1:], strict=False):
            sent.append(self.link.send(Type.WINDOW, window_chunk(number, start, counts[start:end]))[0])
        frames = self.answers(sent)
        assert [(frame.type, frame.seq) for frame in frames] == [(Type.WINDOW | ANSWER, seq) for seq in sent]
        answers = [Wanted.parse(frame.payload, self.hello) for frame in frames]
        assert [(answer.window, answer.next) for answer in answers] == [(number, end) for end in edges[1:]]
        assert answers[-1].result is not None
        return answers[-1].result

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
    settings = DecisionSettings(*model.DECISION)
    expected = decide_alone(settings, np.array(logits, np.int8))
    assert (result.decided, result.confidence) == (int(expected.answers), int(expected.confidences))
