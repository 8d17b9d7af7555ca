"""The PlatformIO package: its manifest by the rules of PlatformIO's packer, its example as Arduino's tested sketch."""

import configparser
import json
import re
from dataclasses import replace

from export import package
from scl.artifacts.bundle import read_run_bundle
from tests.export.packages import made, renamed

# https://docs.platformio.org/en/latest/manifests/library-json/index.html
FIELDS = {"name", "version", "description", "keywords", "authors", "homepage", "license", "frameworks", "platforms"}
FIELDS |= {"headers", "examples", "build", "repository", "dependencies", "export", "scripts"}


def test_the_manifest_is_a_library_s(bundle_folder, tmp_path):
    folder = made(renamed(bundle_folder, tmp_path / "x" / ("a" * 70)), "platformio", tmp_path)
    manifest = json.loads((folder / "library.json").read_text())
    name = manifest["name"]
    assert set(manifest) <= FIELDS
    assert re.fullmatch(r"[^:;/,@<>]{1,63}", name) and re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert 0 < len(manifest["description"]) <= 1000
    assert all(re.fullmatch("[\\w -]{1,50}", k) for k in manifest["keywords"])
    assert re.match("https?://", manifest["homepage"]) and manifest["license"] == "Apache-2.0"
    assert not {"atmelavr", "atmelmegaavr", "*"} & set(manifest["platforms"])  # of 8 bits
    assert all(author["name"] for author in manifest["authors"])
    assert manifest["headers"] == f"{name}.h" and (folder / "src" / f"{name}.h").is_file()
    for example in manifest["examples"]:
        assert all((folder / example["base"] / path).is_file() for path in example["files"])
    # The flags without which the front end would round otherwise.
    assert {"-ffp-contract=off", "-DSCL_STRICT_FLAGS"} <= set(manifest["build"]["flags"])


def test_the_example_is_the_arduino_sketch(bundle_folder, tmp_path):
    """Which tests/export/test_package_arduino.py links; PlatformIO compiles it as C++ from src/."""
    folder, sketch = made(bundle_folder, "platformio", tmp_path), made(bundle_folder, "arduino", tmp_path)
    example = folder / "examples" / "link"
    assert (example / "src" / "main.cpp").read_bytes() == (sketch / "examples" / "link" / "link.ino").read_bytes()
    settings = configparser.ConfigParser()
    settings.read(example / "platformio.ini")
    (environment,) = settings.sections()
    assert settings[environment]["framework"] == "arduino"
    library = settings[environment]["lib_deps"].removeprefix("symlink://")
    assert (example / library / "library.json").resolve() == (folder / "library.json").resolve()


def test_text_with_quotes_stays_json(bundle_folder, monkeypatch):
    manifest = replace(read_run_bundle(bundle_folder).manifest, task='im"u\\')
    words = package.described(manifest, "platformio")
    text = package._filled(package.TEMPLATES / "platformio" / "library.json", words)
    assert 'im"u\\' in json.loads(text)["description"]
