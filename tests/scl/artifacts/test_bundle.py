"""Bundles: what is written is read back; what is damaged, changed or not inside the folder is refused by name."""

import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scl.artifacts import InputError, bundle, sha256_file
from scl.artifacts.bundle import model_hash, read_bundle, read_front_end_bundle, read_run_bundle, write_manifest
from scl.artifacts.manifest import Streaming
from scl.frontend.sensor import load_sensor
from tests.bundles import write_bundle
from tests.manifests import network_manifest
from tests.scl.frontend.designs import front_end_spec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def changed(folder: Path, *path: str | int, to: object) -> None:
    """Sets a field of the manifest, unchecked; a field `to` ... is taken out."""
    manifest = json.loads((folder / "manifest.json").read_text())
    place = manifest
    for part in path[:-1]:
        place = place[part]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    (folder / "manifest.json").write_text(json.dumps(manifest))


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_bundle(folder)
    return str(caught.value)


def test_what_is_written_is_read(folder):
    manifest = read_run_bundle(folder).manifest
    other = replace(manifest, streaming=Streaming(50, 1000, 0.25, 2000, 7, 64), thresholds=(0, -1, 5))
    write_manifest(folder, other)
    assert read_bundle(folder).manifest == other


def test_a_front_end_with_every_step_is_read(folder):
    """Resampled, band-passed, invariant: floats come back as they were."""
    manifest = read_run_bundle(folder).manifest
    steps = {"band_hz": (0.5, 8.0), "warmup_s": 1.0, "invariant": True}
    spec = front_end_spec(load_sensor("lsm6ds3"), 200, 20.0, 1 / 3, 3, [1 / 7] * 19, [1 / 9] * 19, **steps)
    shape = (1, 1, 200, 19)
    write_manifest(folder, replace(manifest, frontend=spec, input=replace(manifest.input, shape=shape)))
    assert read_run_bundle(folder).manifest.frontend == spec


def test_no_bundle(tmp_path):
    assert "is no bundle (no manifest.json); python -m export.quantize RUN --out" in refused(tmp_path)


def test_another_schema(folder):
    changed(folder, "schema", to=7)
    assert "has bundle schema 7, this version reads schema 8; export it again" in refused(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "nothing", '{"kind": "bundle"', "[" * 100_000, '{"kind": ["network"]}']
)
def test_what_is_no_manifest(folder, text):
    (folder / "manifest.json").write_text(text)
    assert f"{folder / 'manifest.json'}: " in refused(folder)


WRONG = [
    (("name",), "../runs/demo", "name"),
    (("name",), "/tmp/x", "name"),
    (("name",), ..., "name"),
    (("colour",), "red", "colour"),
    (("task",), "dance", "task"),
    (("labels",), [], "labels"),
    (("labels",), ["a", "a", "b"], "labels"),
    (("labels",), "abc", "labels"),
    (("partition",), {"invariant": 3}, "partition"),
    (("partition", "free"), -1, "partition"),
    (("kept",), [0, 1, 2, 3, 4], "kept"),
    (("run_hash",), "cd", "run_hash"),
    (("window", "samples"), 0, "window.samples"),
    (("window", "samples"), 70_000, "window.samples"),
    (("window", "samples"), "200", "window.samples"),
    (("window", "units"), ["m/s^2"], "units"),
    (("input", "scale"), 0, "input.scale"),
    (("input", "zero_point"), 128, "input.zero_point"),
    (("input", "shape"), [1, 1, 200, 5], "input.shape"),
    (("outputs", "features", "size"), 6, "outputs.features.size"),
    (("outputs", "logits"), ..., "outputs.logits"),
    (("outputs",), [], "outputs"),
    (("thresholds",), [0, 0], "thresholds"),
    (("thresholds",), [0, 0, 200], "thresholds"),
    (("transforms",), [], "transforms"),
    (("model_hash",), "AB" * 32, "model_hash"),
    (("cost", "ram_bytes"), -1, "cost.ram_bytes"),
    (("int8", "accuracy"), 1.5, "int8.accuracy"),
    (("files",), {"golden.npz": "short"}, "files"),
    (("frontend",), None, "frontend"),
    (("frontend", "sensor", "parts"), [], "frontend.sensor.parts"),
    (("frontend", "sensor", "parts", 1, "kind"), "accelerometer", "kinds"),
    (("frontend", "sensor", "parts", 0, "axes"), 2, "axes"),
    (("frontend", "sensor", "parts", 0, "bias"), [0.0, 0.0], "bias"),
    (("frontend", "sensor", "parts", 0, "alignment"), [[1.0, 0.0, 0.0]], "alignment"),
    (("frontend", "sensor", "parts", 0, "alignment"), [[0.0] * 3] * 3, "alignment"),
    (("frontend", "sensor", "parts", 0, "unit_per_count"), 0, "unit_per_count"),
    (("frontend", "sensor", "parts", 0, "count_range"), [5, 5], "count_range"),
    (("frontend", "sensor", "parts", 0, "count_range"), [0, 40_000], "count_range"),
    (("frontend", "sensor", "parts", 0, "shift"), 17, "shift"),
    (("frontend", "sensor", "parts", 0, "lead_off_s"), -1, "lead_off_s"),
    (("frontend", "sensor", "rate_hz"), 100, "resampling"),
    (("frontend", "model_rate_hz"), 40, "resampling"),
    (("frontend", "raw_samples"), 201, "raw_samples"),
    (("frontend", "warmup_samples"), 1, "raw_samples"),
    (("frontend", "lead_off_samples"), 1, "lead_off_samples"),
    (("frontend", "lead_off_samples"), 65_536, "lead_off_samples"),
    (("frontend", "resampling", "up"), 65, "resampling.up"),
    (("frontend", "resampling", "phase_taps"), 5, "phase_taps"),
    (("frontend", "mean"), [0.0] * 5, "mean"),
    (("frontend", "std"), [1.0] * 5 + [0.0], "std"),
    (("frontend", "inv_input_scale"), 0, "inv_input_scale"),
    (("frontend", "input_zero_point"), -129, "input_zero_point"),
    (("frontend", "invariant"), {"names": ["|a|"], "fast": 0.1, "slow": 0.1}, "invariant.names"),
    (
        ("frontend", "band"),
        {"low_hz": 1, "high_hz": 10, "warmup_s": 0, "sections": [[1.0] * 5] * 2, "steady": [[0.0] * 2] * 2},
        "band.high_hz",
    ),
    (
        ("frontend", "band"),
        {"low_hz": 1, "high_hz": 9, "warmup_s": 0, "sections": [[1.0] * 5], "steady": [[0.0] * 2] * 2},
        "band.sections",
    ),
]


@pytest.mark.parametrize(("path", "value", "named"), WRONG)
def test_a_wrong_field_is_named(folder, path, value, named):
    changed(folder, *path, to=value)
    message = refused(folder)
    assert str(folder / "manifest.json") in message and named in message and "export it again" in message


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none(folder, value):
    path = folder / "manifest.json"
    text = path.read_text()
    assert text.count('"inv_input_scale": 20.0') == 1
    path.write_text(text.replace('"inv_input_scale": 20.0', f'"inv_input_scale": {value}'))
    assert str(path) in refused(folder)


def test_a_changed_file(folder):
    path = folder / "golden.npz"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    assert f"golden.npz: SHA-256 is {sha256_file(path)}, but manifest.json lists" in refused(folder)


def gone(folder: Path) -> str:
    (folder / "evaluation.npz").unlink()
    return "evaluation.npz"


def outside(folder: Path) -> str:
    (folder.parent / "secret").write_text("x")
    changed(folder, "files", "../secret", to=sha256_file(folder.parent / "secret"))
    return "../secret"


def absolute(folder: Path) -> str:
    changed(folder, "files", "/etc/hostname", to="0" * 64)
    return "/etc/hostname"


def link(folder: Path) -> str:
    (folder.parent / "elsewhere").write_bytes((folder / "golden.npz").read_bytes())
    (folder / "golden.npz").unlink()
    (folder / "golden.npz").symlink_to(folder.parent / "elsewhere")
    return "golden.npz"


def folder_link(folder: Path) -> str:
    (folder.parent / "c").mkdir()
    (folder.parent / "c" / "model_data.c").write_text("x")
    (folder / "c").symlink_to(folder.parent / "c")
    changed(folder, "files", "c/model_data.c", to=sha256_file(folder / "c" / "model_data.c"))
    return "c/model_data.c"


def device(folder: Path) -> str:
    (folder / "zero").symlink_to("/dev/zero")
    changed(folder, "files", "zero", to="0" * 64)
    return "zero"


def pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe")
    changed(folder, "files", "pipe", to="0" * 64)
    return "pipe"


def whole_folder(folder: Path) -> str:
    (folder / "c").mkdir()
    changed(folder, "files", "c", to="0" * 64)
    return "c"


def socket_file(folder: Path) -> str:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(".", os.O_RDONLY)
        os.chdir(folder)  # a socket's path has 107 bytes at most
        listener.bind("socket")
        os.fchdir(here)
        os.close(here)
    changed(folder, "files", "socket", to="0" * 64)
    return "socket"


def by_another_name(folder: Path) -> str:
    changed(folder, "files", "./golden.npz", to=sha256_file(folder / "golden.npz"))
    return "./golden.npz"


def very_large(folder: Path) -> str:
    with (folder / "golden.npz").open("r+b") as file:
        file.truncate(1 << 40)
    return "its files have 1,099,51"


def very_many(folder: Path) -> str:
    changed(folder, "files", to={f"{number}": "0" * 64 for number in range(1001)})
    return "field files"


def nothing(folder: Path) -> str:
    changed(folder, "files", "", to="0" * 64)
    return "''"


DAMAGES = [gone, outside, absolute, link, folder_link, device, pipe, whole_folder, nothing]
DAMAGES += [socket_file, by_another_name, very_large, very_many]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.timeout(10)
def test_files_that_are_not_inside_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], str]
):
    """Even where the hash is right: a bundle is copied as a folder. No file is read before all are known to be some."""
    name, hashed = damage(folder), []
    monkeypatch.setattr(bundle, "sha256_file", hashed.append)
    assert name in refused(folder) and not hashed


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/passwd", "nowhere", "manifest.json", ".."])
def test_a_manifest_that_is_elsewhere(folder, target):
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").symlink_to(target)
    assert "manifest.json: " in refused(folder)


def test_a_file_that_is_not_listed_is_no_part_of_the_bundle(folder):
    """Its hash was not checked."""
    held = read_bundle(folder)
    assert held.file("golden.npz") == folder / "golden.npz"
    (folder / "model.tflite").write_bytes(b"")
    with pytest.raises(InputError, match=r"manifest.json: lists no model.tflite, expected it with its hash; export it"):
        held.file("model.tflite")


def test_a_network_is_read_and_is_no_run(tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "model.tflite").write_bytes(b"x")
    manifest = network_manifest(folder)
    write_manifest(folder, manifest)
    assert read_bundle(folder).manifest == manifest
    assert (manifest.raw_samples, manifest.values, manifest.features, manifest.labelled) == (48, 3, 0, False)
    with pytest.raises(InputError, match="is of a model from elsewhere .* expected a bundle of a run"):
        read_run_bundle(folder)
    with pytest.raises(InputError, match="has no front end, so it takes no sensor's counts; export .* --front-end"):
        read_front_end_bundle(folder)
    changed(folder, "input", "scale", to=0)
    assert "input.scale" in refused(folder) and "--from FILE" in refused(folder)


def test_a_run_and_a_model_s_file_are_no_bundles(tmp_path):
    """And what makes one of them is said."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "run.json").write_text('{"kind": "run"}')
    run, file = tmp_path / "runs", tmp_path / "model.tflite"
    file.write_bytes(b"x")
    assert f"is a run, expected a bundle; python -m export.quantize {run} --out BUNDLE makes one" in refused(run)
    assert f"is a model's file, expected a bundle; python -m export.quantize --from {file} --out BUNDLE" in refused(
        file
    )


def test_what_cannot_be_read_is_not_written(folder):
    manifest = read_run_bundle(folder).manifest
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(ValueError, match="name"):
        write_manifest(folder, replace(manifest, name="../x"))
    assert (folder / "manifest.json").read_bytes() == before


def test_every_fact_changes_the_model_s_hash():
    spec = front_end_spec(load_sensor("replay-imu"), 200, 20.0, 0.1)
    first = model_hash(b"net", spec, ("a", "b"))
    others = [
        model_hash(b"nett", spec, ("a", "b")),
        model_hash(b"net", None, ("a", "b")),
        model_hash(b"net", replace(spec, input_zero_point=1), ("a", "b")),
        model_hash(b"net", replace(spec, mean=(0.5,) * 6), ("a", "b")),
        model_hash(b"net", spec, ("a", "c")),
        model_hash(b"net", spec, ("a", "b"), (0, 1)),
        model_hash(b"net", spec, ("a", "b"), (1, 0)),
    ]
    assert first == model_hash(b"net", spec, ["a", "b"]) and len({first, *others}) == 1 + len(others)
