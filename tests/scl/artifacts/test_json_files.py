"""JSON files: kind, schema, finite numbers; what is damaged, elsewhere, deep or large ends in one readable error."""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
from annotated_types import MinLen

from scl.artifacts import Artifact, InputError, read_artifact, read_json, write_artifact, write_json
from scl.artifacts.fields import Count, Fraction, Int8, Labels, Name, Sha256
from tests.scl.artifacts.damage import PEAK, check


@dataclass(frozen=True)
class Part:
    size: Count = 1


@dataclass(frozen=True)
class Example(Artifact):
    """With a field of each kind of type."""

    name: Name
    labels: Labels
    parts: Annotated[tuple[Part, ...], MinLen(1)]
    share: Fraction | None = None
    pair: tuple[Int8, Int8] = (0, 0)
    kernel: Annotated[tuple[Count, ...], MinLen(1)] | Count = 3
    by_name: dict[Name, Part] | None = None
    sha256: Sha256 = "0" * 64

    kind = "example"
    schema = 3
    advice = "make it again with python -m example"

    def __post_init__(self) -> None:
        if len(self.parts) > len(self.labels):
            raise ValueError(f"parts: {len(self.parts)} for {len(self.labels)} labels, expected no more")


EXAMPLE = Example("a", ("x", "y"), (Part(2),), 0.5, (1, -1), (3, 5), {"p": Part(4)})


def fields(**changes: object) -> dict[str, object]:
    """Of a valid file, with changes."""
    plain = {
        "name": "a",
        "labels": ["x", "y"],
        "parts": [{"size": 2}],
        "share": 0.5,
        "pair": [1, -1],
        "kernel": [3, 5],
        "by_name": {"p": {"size": 4}},
        "sha256": "0" * 64,
    }
    return {"kind": "example", "schema": 3, **plain, **changes}


START = b'{"kind": "run", "schema": 1, "x": '


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (START + b'1, "x": 2}', "is not JSON .field 'x' stands there twice, expected it once"),
        (START + b'{"a": [{"b": 0, "b": 0}]}}', "field 'b' stands there twice"),
        (START + b'1, "\\u0078": 2}', "field 'x' stands there twice"),
        (b'{"kind": "bundle", "schema": 1, "kind": "run"}', "field 'kind' stands there twice"),
        (START + b"[" * 100_000, "is not JSON .recursion limit"),
        (START + b'{"x":' * 100_000, "is not JSON .recursion limit"),
        (START + b"1" * 5000 + b"}", "is not JSON .number out of range"),
        (START + b"1e999}", "field x is inf"),
        (START + b"NaN}", "field x is nan"),
        (b"\xef\xbb\xbf" + START + b"1}", "is not JSON"),
        ((START + b"1}").decode().encode("utf-16"), "is not JSON"),
        (START + b'"\xff"}', "is not JSON"),
        (START + b'"\xed\xa0\x80"}', "is not JSON"),
        (START + b'"\\ud800"}', "is not JSON"),
        (START + b'"\x00"}', "is not JSON"),
        (START + b"1} 1", "is not JSON"),
        (b" " * ((16 << 20) + 1), "has 16,777,217 bytes, expected JSON"),
    ],
    ids=range(17),
)
def test_what_two_readers_would_read_otherwise_is_refused(tmp_path: Path, data: bytes, match: str) -> None:
    """Names twice, nesting, numbers and texts beyond what all of JSON's readers share."""
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(InputError, match=f"a.json: .*{match}"):
        read_json(tmp_path / "a.json", "run")


def test_a_plain_file_and_its_kind_and_schema(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.json"
    write_json(path, {"kind": "run", "schema": 1, "x": [1.5]})
    assert read_json(path, "run")["x"] == [1.5]
    with pytest.raises(InputError, match="holds 'run', expected kind 'bundle'"):
        read_json(path, "bundle")
    for other in ([], 1, "run", None, {"kind": ["run"]}, {}):
        path.write_text(json.dumps(other))
        with pytest.raises(InputError, match="run.json: holds .*, expected kind 'run'; make it again"):
            read_json(path, "run")
    for schema in (2, "1", 1.0, True, None):
        path.write_text(json.dumps({"kind": "run", "schema": schema}))
        with pytest.raises(InputError, match="has run schema .*, this version reads schema 1; try harder"):
            read_json(path, "run", advice="try harder")


@pytest.mark.parametrize(
    "text", ["", "{", "{} {}", "nul", "{'a': 1}", '{"a": 1,}', '"\\ud800"', "\ufeff{}", "1" * 5000, "[" * 100_000]
)
def test_what_is_no_json_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match="x.json: is not JSON .*; make it again, or restore it"):
        read_json(path, "run")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for data in (b'{"kind": "r\xff"}', b"\0" * 100, "{}".encode("utf-16")):
        path.write_bytes(data)
        with pytest.raises(InputError, match="x.json: is not JSON"):
            read_json(path, "run")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_numbers_that_are_not_finite_are_named(tmp_path: Path, number: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(f'{{"kind": "run", "schema": 1, "a": {{"b": [1, {number}]}}}}')
    with pytest.raises(InputError, match="x.json: field a.b.1 is -?(nan|inf), expected a finite number"):
        read_json(path, "run")


def test_nan_is_not_written_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    write_json(path, {"x": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"x": float("nan")})
    assert json.loads(path.read_text()) == {"x": 1} and list(tmp_path.iterdir()) == [path]


def test_an_artifact_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_artifact(path, EXAMPLE)
    assert json.loads(path.read_text()) == fields()
    assert read_artifact(path, Example) == EXAMPLE


def test_what_would_not_be_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for wrong in (
        Example("../x", ("x",), (Part(),)),
        Example("a", ("x",), (Part(0),)),
        Example("a", ("x",), (Part(),), share=float("nan")),
        Example("a", ("x" * 256,), (Part(),)),
    ):
        with pytest.raises(ValueError):
            write_artifact(path, wrong)
        assert not path.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "../x"}, r"field name is '../x', expected a plain name without / or \\ that can be printed"),
        ({"name": ""}, "field name is '', expected a plain name"),
        ({"name": "é" * 128}, "field name is .* of 1 to 255 bytes"),
        ({"name": 3}, "field name is 3, expected a valid string"),
        ({"labels": []}, r"field labels is \[\], expected 1 or more entries"),
        ({"labels": ["a\nb"]}, r"field labels.0 is 'a\\nb', expected one line that can be printed, of 1 to 255 char"),
        ({"labels": ["a", "\x1b[2J"]}, "field labels.1 is .*, expected one line that can be printed"),
        ({"labels": ["\u202eabc"]}, "field labels.0 is .*, expected one line that can be printed"),
        ({"labels": [str(n) for n in range(256)]}, "field labels is .*, expected 255 at most entries"),
        ({"parts": [{"size": 0}]}, "field parts.0.size is 0, expected greater than 0"),
        ({"parts": [{"size": 65536}]}, "field parts.0.size is 65536, expected less than or equal to 65535"),
        ({"parts": [{"size": "1"}]}, "field parts.0.size is '1', expected a valid integer"),
        ({"parts": [{"size": 1.0}]}, "field parts.0.size is 1.0, expected a valid integer"),
        ({"parts": [{}]}, "field parts.0.size is missing"),
        ({"parts": [{"size": 1, "more": 1}]}, "field parts.0.more is not known"),
        ({"parts": [{"size": 1}] * 3}, "parts: 3 for 2 labels, expected no more"),
        ({"share": 1.5}, "field share is 1.5, expected less than or equal to 1"),
        ({"pair": [1]}, "field pair.1 is missing"),
        ({"pair": [1, 2, 3]}, "field pair is .*, expected 2 at most entries"),
        ({"kernel": "x"}, "field kernel is 'x', expected a valid array"),
        ({"kernel": [3, 0]}, "field kernel.1 is 0, expected greater than 0"),
        ({"by_name": {"a/b": {"size": 1}}}, "field by_name.a/b is 'a/b', expected a plain name"),
        ({"by_name": {"a[0]": {"size": -1}}}, r"field by_name.a\[0\].size is -1, expected greater than 0"),
        ({"by_name": {"a": {}}}, "field by_name.a.size is missing"),
        ({"sha256": "0" * 63 + "A"}, "field sha256 is '0000.*, expected a SHA-256, 64 digits of lower-case hex"),
        ({"unknown": 1}, "field unknown is not known, expected none of this name"),
        ({"name": 1, "share": -1}, r"field name is 1, .* \(1 more are wrong\)"),
    ],
)
def test_the_wrong_field_is_named_with_what_it_holds(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(fields(**changes)))
    with pytest.raises(InputError, match=f"x.json: {message}.*; make it again with python -m example"):
        read_artifact(path, Example)


def test_a_message_does_not_repeat_what_a_file_holds_at_length(tmp_path: Path) -> None:
    """Wherever in a file a long text stands, what is said of it fits on a screen."""

    @dataclass(frozen=True)
    class Quoting(Artifact):
        """Which says of its own field what it is."""

        name: str
        kind, schema, advice = "quoting", 1, "make it again"

        def __post_init__(self) -> None:
            raise ValueError(f"name is {self.name}, expected another")

    (tmp_path / "x").write_text(json.dumps({"kind": "quoting", "schema": 1, "name": "a" * 100_000}))
    with pytest.raises(InputError, match=r"x: name is a+\.\.\.; make it again$") as error:
        read_artifact(tmp_path / "x", Quoting)
    assert len(str(error.value)) < 1000
    for name, value in fields().items():
        for wrong in ("a" * 100_000, ["a" * 100_000], {"a" * 100_000: 1}, 10**4000):
            if type(wrong) is not type(value):
                (tmp_path / "x").write_text(json.dumps({"kind": "example", "schema": 3, **fields(**{name: wrong})}))
                with pytest.raises(InputError) as error:
                    read_artifact(tmp_path / "x", Example)
                assert len(str(error.value)) < 1000


def test_a_field_with_a_default_must_be_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for name in ("share", "pair", "kernel", "by_name", "sha256"):
        path.write_text(json.dumps({key: value for key, value in fields().items() if key != name}))
        with pytest.raises(InputError, match=f"field {name} is missing; make it again"):
            read_artifact(path, Example)


def test_every_field_is_held_to_its_type_and_range(tmp_path: Path) -> None:
    allowed = {("name", "text"), ("labels", "text"), ("size", "3"), ("kernel", "3"), ("by_name", "{}")}
    allowed |= {("pair", text) for text in ("3", "-1")}
    assert check(tmp_path / "x.json", EXAMPLE, allowed) > 200


def test_what_is_no_regular_file_ends_at_once(unreadable: list[Path]) -> None:
    for path in unreadable:
        start = time.monotonic()
        with pytest.raises(InputError) as error:
            read_artifact(path, Example)
        assert str(path) in str(error.value) and time.monotonic() - start < 1


LARGE = (
    PEAK
    + """
import json, sys, time
from scl.artifacts import InputError, read_artifact
from scl.artifacts.ranges import Ranges

path, entry = sys.argv[1:]
fields = {"kind": "ranges", "schema": 2, "run_hash": "0" * 64, "method": "m", "windows": 1, "draws": 0, "seed": 0}
count = (1 << 20) // (len(entry) + 1) - 200
lists = f'"subjects": [{",".join([entry] * count)}]'
text = json.dumps(fields | {"transformation": "t", "ranges": {"a": [-1, 1]}})[:-1] + ", " + lists + "}"
open(path, "w").write(text)
start = time.process_time()
try:
    read_artifact(path, Ranges)
except InputError as error:
    print(time.process_time() - start, peak_gigabytes(), str(error)[:300])
"""
)


@pytest.mark.parametrize("entry", ['"x"', "1", "[]", "-1"])
def test_the_largest_file_that_is_read_takes_seconds_and_no_gigabyte(tmp_path: Path, entry: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(tmp_path / "x.json"), entry], capture_output=True, text=True, timeout=100
    )
    seconds, gigabytes, message = done.stdout.split(" ", 2)
    assert float(seconds) < 5 and float(gigabytes) < 1 and "x.json: field subjects" in message, done.stdout


def test_a_larger_file_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(InputError, match="has 1,048,577 bytes, expected JSON of kind .example. of at most 1,048,576"):
        read_artifact(path, Example)
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no place on the disk
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="1,099,511,627,776 bytes"):
        read_json(path, "run")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes
