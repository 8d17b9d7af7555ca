"""The export of files made elsewhere, by its command: what is refused, and what is left behind then: nothing."""

import os
import time

import numpy as np
import pytest

from export import quantize
from export.given_model import MOST_FILE_BYTES
from export.proof import child
from scl.artifacts import InputError
from scl.artifacts.bundle import read_bundle
from scl.artifacts.export_report import read_report
from tests.firmware.damaged_models import NAMED, Net, SmallNet, named


@pytest.fixture
def refusal(tmp_path):
    """refusal(bytes): what the command says of such a file; nothing may be left where the bundle was to be."""
    out = tmp_path / "out"
    out.mkdir()

    def refuse(data: bytes) -> str:
        (tmp_path / "model.tflite").write_bytes(data)
        with pytest.raises(InputError) as caught:
            quantize.main(["--from", str(tmp_path / "model.tflite"), "--out", str(out / "bundle")])
        assert not list(out.iterdir())
        return str(caught.value)

    return refuse


def test_every_named_file_is_refused_at_once_and_leaves_nothing(refusal, tmp_path):
    for name in NAMED:
        started = time.perf_counter()
        assert refusal(named(name)).startswith(f"{tmp_path / 'model.tflite'}: "), name
        assert time.perf_counter() - started < 2, name


def test_what_ends_the_proof_s_process_is_an_error_and_leaves_nothing(board_tools, refusal, tmp_path, monkeypatch):
    """The whole command, with a file that TFLite Micro does not survive taken for the one that was read."""
    asked, ask = [], child.ask

    def other_file(module, where, task, file, *arguments):
        asked.append(task)
        (tmp_path / "other.tflite").write_bytes(named("softmax with beta 0"))
        given, written = tmp_path / "input", tmp_path / "tensors"
        given.write_bytes(bytes(60))
        return ask(module, where, "tensors", str(tmp_path / "other.tflite"), str(given), str(written), "0")

    monkeypatch.setattr(child, "ask", other_file)
    assert "model.tflite: TFLite Micro ended with SIGABRT when it was to run" in refusal(SmallNet().bytes())
    assert asked == ["prove"]


def large(length: int, channels: int, kernel: int = 1, width: int = 3) -> bytes:
    """A convolution from `width` channels to so many, and their mean."""
    model = Net()
    model.graph.tensors[0].shape = [1, 1, length, width]
    w, b = model.constants([channels, 1, kernel, width], 0)
    options = model.sliding(model.s.Conv2DOptionsT())
    options.dilationHFactor = options.dilationWFactor = 1
    model.operator("CONV_2D", [model.at, w, b], model.activation([1, 1, length, channels], 0.06, 5), options)
    model.mean([1, 2], [1, channels])
    return model.bytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (large(60_000, 64), r"mps2-an386 has 131,072 bytes of RAM, this model needs 3,840,\d+: a shorter window, "),
        (
            large(4, 250, kernel=30, width=100),
            r"mps2-an386 has 524,288 bytes of FLASH, this model needs 75\d,\d+: fewer",
        ),
    ],
)
def test_a_model_beyond_the_board_is_refused_before_anything_is_built(data, message, refusal, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no compiler
    with pytest.raises(InputError, match=message):
        raise InputError(refusal(data))


def test_a_model_that_leaves_no_room_for_the_rest_is_refused_in_the_same_words(board_tools, refusal):
    """Its arena would fit, but for the stack."""
    message = r"mps2-an386 has 131,072 bytes of RAM, this model needs 13\d,\d+: a shorter window, "
    with pytest.raises(InputError, match=message):
        raise InputError(refusal(large(15_500, 8)))


def test_more_outputs_than_an_answer_holds(refusal):
    """1,030 bytes of a frame's payload, 19 of them before the outputs."""
    message = "has 1012 outputs, expected at most 1011 together, which an answer of the link holds; leave some out"
    assert message in refusal(large(4, 1012))


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MOST_FILE_BYTES + 1)
    for path, message in (
        (tmp_path / "none", "none: cannot be read .*No such file.*; expected an int8 .tflite file"),
        (tmp_path, "is a folder, expected a .tflite or .onnx file; give the file in it with --from"),
        ("/dev/zero", "/dev/zero: is not a regular file, expected one"),
        (tmp_path / "pipe", "pipe: is not a regular file, expected one"),
        (tmp_path / "large", "large: has 67,108,865 bytes, expected an int8 .tflite file of at most 67,108,864"),
    ):
        with pytest.raises(InputError, match=message):
            quantize.main(["--from", str(path), "--out", str(tmp_path / "out")])


def test_the_proof_is_the_one_of_before(board_tools, tmp_path):
    """Its figures, in a process of its own, are those of the functions called here."""
    from export.network import from_file
    from export.proof.c_engine import CEngine, build_library
    from export.proof.foreign import prove
    from export.proof.search import search

    data = SmallNet().bytes()
    (tmp_path / "model.tflite").write_bytes(data)
    assert (
        quantize.main(["--from", str(tmp_path / "model.tflite"), "--out", str(tmp_path / "bundle"), "--seed", "5"]) == 0
    )
    agreement = read_report(read_bundle(tmp_path / "bundle")).agreement
    engine = CEngine(build_library(tmp_path / "bundle" / "c", tmp_path / "build"))
    read = from_file.read(data, "model.tflite")
    assert agreement.values == prove(read, data, engine, 5) == 500 * 3
    assert agreement.layers == search(read, data, engine, 5)
    assert np.all(agreement.layers.inputs > 0)
