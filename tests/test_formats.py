"""docs/FORMATS.md is true: its examples are read and written again, its tables are the code's, and --help names it."""

import importlib
import json
import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.artifacts.capture import POSITIONS, SCHEMA, TEXT_COLUMNS, read_capture, write_capture
from scl.frontend.counts import to_counts
from scl.frontend.sensor import KEYS, PART_KEYS, UNITS, Part, Sensor, load_sensor
from scl.frontend.si_units import to_si
from scl.units import NAMES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "FORMATS.md").read_text("utf-8")
HEAD = ["field", "type", "unit", "meaning", "default", "limits"]
PACKAGES = ("train", "calibration", "export", "firmware_host")
REQUIRED = {"kind", "axes", "unit", "counts_per_unit"}


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def table(name: str) -> dict[str, dict[str, str]]:
    """The rows of a table, by what their field is called, with their other cells by the column's name."""
    (text,) = re.findall(rf"<!-- begin {name} -->\n(.*?)<!-- end {name} -->", PAGE, re.DOTALL)
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines())
    assert head == HEAD and all(len(row) == len(HEAD) for row in rows)
    return {row[0].strip("` "): dict(zip(HEAD, row, strict=True)) for row in rows}


def code(cell: str) -> list[str]:
    """What stands in a cell as code."""
    return re.findall(r"`(.*?)`", cell)


def test_the_example_of_a_capture_is_what_is_written(tmp_path: Path) -> None:
    (example,) = examples("csv")
    (tmp_path / "a.csv").write_text(example)
    read = read_capture(tmp_path / "a.csv")
    write_capture(tmp_path / "b.csv", read)
    assert (tmp_path / "b.csv").read_text() == example
    expected = [[16, -20, 8192, 3, -1, 0], [18, -21, 8190, 3, -1, 1], [-4210, 312, 7003, 250, -31, 12]]
    assert read.counts.tolist() == expected and (read.sensor, read.rate_hz, read.dropped) == ("bmi270", 100.0, 3)
    assert read.subject == "p01"
    assert read.position == ("+z",) * 3 and read.label == ("standing, then walking",) * 2 + ("walking",)


def test_the_header_is_the_tables(tmp_path: Path) -> None:
    (example,) = examples("csv")
    (tmp_path / "a.csv").write_text(example)
    write_capture(tmp_path / "b.csv", read_capture(tmp_path / "a.csv"))
    written = re.findall(r"^# (\w+):", (tmp_path / "b.csv").read_text(), re.MULTILINE)
    rows = table("capture header")
    assert list(rows) == written
    assert code(rows["kind"]["limits"]) == ["capture"] and code(rows["schema"]["limits"]) == [str(SCHEMA)]
    for key, row in rows.items():  # without a default, a file without the line is refused
        (tmp_path / "c.csv").write_text(re.sub(rf"^# {key}: .*\n", "", example, flags=re.MULTILINE))
        if row["default"]:
            assert getattr(read_capture(tmp_path / "c.csv"), key) == json.loads(code(row["default"])[0])
        else:
            with pytest.raises(InputError):
                read_capture(tmp_path / "c.csv")


def test_the_columns_are_the_tables() -> None:
    rows = table("capture columns")
    assert [name for name in rows if name != "any other name"] == list(TEXT_COLUMNS)
    assert tuple(code(rows["position"]["limits"])) == POSITIONS


def test_the_keys_of_a_sensor_file_are_the_tables() -> None:
    rows, parts = table("sensor"), table("part")
    assert set(rows) == KEYS and set(parts) == PART_KEYS
    assert {key for key, row in parts.items() if not row["default"]} == REQUIRED
    assert not [key for key, row in rows.items() if row["default"]]
    assert code(parts["unit"]["limits"]) == list(UNITS)


def part(**keys: object) -> str:
    values = {"kind": "accelerometer", "axes": 3, "unit": "g", "counts_per_unit": 8192.0} | keys
    lines = (f"{key} = {json.dumps(value)}" for key, value in values.items())
    return 'name = "x"\nrate_hz = 100\n[[sensors]]\n' + "\n".join(lines) + "\n"


@pytest.mark.parametrize("key", sorted(PART_KEYS - REQUIRED))
def test_a_default_is_what_stands_for_a_key_that_is_left_out(tmp_path: Path, key: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(part())
    plain = load_sensor(path)
    path.write_text(part(**{key: json.loads(code(table("part")[key]["default"])[0])}))
    assert load_sensor(path) == plain


@pytest.mark.parametrize("key", sorted(REQUIRED))
def test_a_key_without_a_default_is_needed(tmp_path: Path, key: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(re.sub(rf"^{key} = .*\n", "", part(), flags=re.MULTILINE))
    with pytest.raises(InputError, match=f"no {key}"):
        load_sensor(path)


def test_the_examples_of_sensor_files(tmp_path: Path) -> None:
    """Every key is in the first; what they say is what its author reckons, and counts come back from SI units."""
    every, short = examples("toml")
    assert set(re.findall(r"^(?:\[\[)?(\w+)", every, re.MULTILINE)) == PART_KEYS | KEYS
    sensors = []
    for text in (every, short):
        (tmp_path / "a.toml").write_text(text)
        sensors.append(load_sensor(tmp_path / "a.toml"))
    turned = ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    bias = (0.012 * 9.80665, -0.004 * 9.80665, 0.0)
    assert sensors[0] == Sensor(
        "chest-patch",
        200.0,
        (
            Part("accelerometer", 3, 9.80665 / 8192, bias, turned, "m/s^2", "+-4 g"),
            Part("ecg", 1, 2**2 / 2621.44, (0.0,), ((1.0,),), "mV", "+-50 mV", shift=2, lead_off_s=1.0),
        ),
    )
    eye = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    assert sensors[1] == Sensor("wrist", 50.0, (Part("accelerometer", 3, 1 / 417.7, (0.0,) * 3, eye, "m/s^2", ""),))
    for sensor in sensors:
        counts = np.random.default_rng(0).integers(-32768, 32768, (1, 500, sensor.channels), np.int16)
        back, _ = to_counts(to_si(counts, sensor).astype(np.float64).transpose(0, 2, 1), sensor)
        assert (back == counts).all()


def test_the_formula_of_the_page(tmp_path: Path) -> None:
    """In the units of the first example's accelerometer."""
    (formula,) = [text for text in code(PAGE) if text.startswith("alignment @")]
    (tmp_path / "a.toml").write_text(text := examples("toml")[0])
    keys = tomllib.loads(text)["sensors"][0]
    counts = np.array([[-7, 0, 5], [0, 8192, -3], [32767, -32768, 100]], np.int16)
    ecg = np.zeros((3, 1), np.int16)
    si = to_si(np.hstack([counts, ecg])[None], load_sensor(tmp_path / "a.toml"))[0, :, :3]
    for row, expected in zip(counts.astype(float), si, strict=True):
        values = {"shift": 0, "counts": row, **{key: np.array(keys[key]) for key in ("alignment", "bias")}}
        g = eval(formula.replace("^", "**"), {}, values | {"counts_per_unit": keys["counts_per_unit"]})
        assert g * 9.80665 == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_the_units_of_recordings_are_the_converters() -> None:
    (line,) = [line for line in PAGE.splitlines() if line.startswith("- Units are those")]
    assert code(line) == list(NAMES)


def test_the_commands_of_the_page() -> None:
    for line in "".join(examples("sh")).splitlines():
        _, _, module, *arguments = shlex.split(line)
        importlib.import_module(module).parser().parse_args(arguments)


COMMANDS = {
    "export.capture": ("--sensor", "--out"),
    "export.quantize": ("--sensor",),
    "export.recording": ("--sensor", "--out"),
    "firmware_host.capture": ("--out",),
    "firmware_host.stream": ("--record",),
    "train.data.check": ("folder",),
    "calibration.sensor": ("sensor", "capture", "--sensor"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_page(command: str) -> None:
    module = importlib.import_module(command)
    parser = module.parser() if hasattr(module, "parser") else module._parser()
    inner = [one for action in parser._actions if isinstance(action.choices, dict) for one in action.choices.values()]
    actions = [action for one in (parser, *inner) for action in one._actions]
    for flag in COMMANDS[command]:
        named = [action for action in actions if flag in (*action.option_strings, action.dest)]
        assert named and all("docs/FORMATS.md" in action.help for action in named), (command, flag)


def takers() -> set[str]:
    """Commands that take a sensor file or a capture file: they use what reads or writes one."""
    found = set()
    for path in [path for name in PACKAGES for path in (ROOT / name).glob("*.py")]:
        text = path.read_text("utf-8")
        if "command(main)" in text and re.search(r'"--sensor"|read_capture|write_capture|read_positions', text):
            found.add(f"{path.parent.name}.{path.stem}")
    return found


def test_no_command_is_left_out() -> None:
    assert takers() | {"train.data.check"} == set(COMMANDS)  # which reads folders of them
