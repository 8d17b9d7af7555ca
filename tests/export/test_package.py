"""export.package: each package is built as its users would, and the CMake one's application answers on the board."""

import json
import re
import shutil
from dataclasses import replace

import pytest
import yaml
from markdown_it import MarkdownIt

from export import package, quantize
from scl.artifacts import InputError, read_json
from scl.artifacts.bundle import hashes, read_run_bundle, write_manifest
from scl.artifacts.fields import is_line
from tests.bundles import write_bundle
from tests.export.packages import CORE, made, run
from tests.firmware.damaged_models import SmallNet
from tests.scl.test_text import HOSTILE


@pytest.fixture(scope="module", params=package.TARGETS)
def target(request) -> str:
    return request.param


def test_a_package_is_self_contained(bundle_folder, tmp_path, target):
    """Every file that its sources include is in it, and nothing of a template is left over."""
    folder = made(bundle_folder, target, tmp_path)
    assert (folder / "LICENSE").read_bytes() == (package.FIRMWARE.parent / "LICENSE").read_bytes()
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in (folder / "src" / "scl").iterdir():
        for name in re.findall(r'#include "(.*)"', path.read_text()):
            assert (path.parent / name).is_file(), f"{path.name} includes {name}"
    for path in files:
        text = path.read_text()
        ours = path.parent.name == "scl" or "template" not in text.lower().replace("beat_template.c", "")
        assert str(tmp_path) not in text and ours, path  # the C of heartbeats has a running template of a beat
        if path.name in ("README.md", "library.properties", "module.yml", "Kconfig", "link.ino", "main.c"):
            assert "$" not in text, path
    facts = read_json(folder / "scl_package.json", "package")
    manifest = json.loads((bundle_folder / "manifest.json").read_text())
    assert facts["model_hash"] == manifest["model_hash"] and facts["target"] == target
    text = (folder / "README.md").read_text()
    assert all(label in text for label in manifest["labels"]) and manifest["model_hash"] in text


def test_the_readme_s_program_is_c_and_c_plus_plus(bundle_folder, build_tools, tmp_path):
    folder = made(bundle_folder, "cmake", tmp_path)
    program = re.search(r"```c\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)[1]
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-I", folder / "src", "-c", "-o", tmp_path / "out.o"]
    for compiler, suffix in (("arm-none-eabi-gcc", "c"), ("arm-none-eabi-g++", "cpp")):
        source = tmp_path / f"program.{suffix}"
        source.write_text(program)
        run(compiler, *CORE, "-O2", source, *warnings)
        symbols = run("arm-none-eabi-nm", tmp_path / "out.o")
        assert " U scl_model_push_sample\n" in symbols  # under its C name
        sizes = run("arm-none-eabi-nm", "--print-size", tmp_path / "out.o")
        size = int(re.search(r"^\w+ (\w+) b \w*model\w*$", sizes, re.MULTILINE)[1], 16)
        stated = re.search(r"about ([\d,]+) bytes for one `scl_model`", (folder / "README.md").read_text())[1]
        assert 0 <= size - int(stated.replace(",", "")) <= 64


def test_the_readme_of_a_model_from_elsewhere(board_tools, tmp_path):
    """Its samples are the network's own: int8, with the scale that the manifest has."""
    (tmp_path / "model.tflite").write_bytes(SmallNet().bytes())
    assert quantize.main(["--from", str(tmp_path / "model.tflite"), "--out", str(tmp_path / "bundle")]) == 0
    readme = (made(tmp_path / "bundle", "cmake", tmp_path) / "README.md").read_text()
    assert "| input | the network's own, int8: 3 values a sample, value = 0.0500000007 x (q - (3)) |" in readme
    assert "| window | 20 samples; the first class is due after one |" in readme
    assert "int on_sample(const int8_t *values)" in readme and "every 5 samples by default" in readme


def test_a_model_from_elsewhere_has_every_package(board_tools, tmp_path):
    """Its manifests are read as the build systems read them."""
    (tmp_path / "model.tflite").write_bytes(SmallNet().bytes())
    assert quantize.main(["--from", str(tmp_path / "model.tflite"), "--out", str(tmp_path / "bundle")]) == 0
    folders = {target: made(tmp_path / "bundle", target, tmp_path) for target in package.TARGETS}
    library = json.loads((folders["platformio"] / "library.json").read_text())
    component = yaml.safe_load((folders["esp-idf"] / "idf_component.yml").read_text())
    sample = yaml.safe_load((folders["zephyr"] / "samples" / "link" / "sample.yaml").read_text())
    sketch = dict(line.split("=", 1) for line in (folders["arduino"] / "library.properties").read_text().splitlines())
    assert library["name"] == sketch["name"] == "scl_bundle" and list(sample["tests"]) == ["scl_bundle.link"]
    assert library["description"] == component["description"] == sketch["sentence"] != ""
    for folder in folders.values():
        assert {path.name for path in (folder / "src" / "scl").iterdir()} >= {"model_data.c", "input.c", "no_sensor.c"}


def test_a_changed_bundle_is_refused(bundle_folder, tmp_path):
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    (copy / "c" / "model_data.c").write_text("int changed;\n")
    with pytest.raises(InputError, match=r"model_data\.c: SHA-256 is"):
        package.main([str(copy), "--for", "cmake", "--out", str(tmp_path / "out")])


def test_a_bundle_whose_c_is_more_than_data_is_refused(bundle_folder, tmp_path):
    """Whoever builds the package runs it."""
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    with (copy / "c" / "model_data.c").open("a") as source:
        source.write('#include "/etc/passwd"\n')
    (copy / "manifest.json").unlink()
    write_manifest(copy, replace(read_run_bundle(bundle_folder).manifest, files=hashes(copy)))
    with pytest.raises(InputError, match=r"model_data\.c, line \d+: '#include .*is not what export\.quantize writes"):
        package.main([str(copy), "--for", "cmake", "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_another_folder_is_not_replaced(bundle_folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "package.json").write_text("{}")
    with pytest.raises(InputError, match="no scl_package.json, so it is no package"):
        package.main([str(bundle_folder), "--for", "cmake", "--out", str(tmp_path / "out")])
    assert (tmp_path / "out" / "package.json").read_text() == "{}"


def test_the_bundle_is_not_replaced_by_its_package_nor_is_a_file(bundle_folder, tmp_path):
    copy = shutil.copytree(bundle_folder, tmp_path / "bundle")
    with pytest.raises(InputError, match="bundle: holds a bundle .manifest.json., which a package would replace"):
        package.main([str(copy), "--for", "cmake", "--out", str(copy)])
    with pytest.raises(InputError, match="manifest.json: is a file, expected a folder to write to"):
        package.main([str(copy), "--for", "cmake", "--out", str(copy / "manifest.json")])
    names = [{path.relative_to(root) for path in root.rglob("*")} for root in (copy, bundle_folder)]
    assert names[0] == names[1]


@pytest.mark.parametrize("target", package.TARGETS)
@pytest.mark.parametrize("text", [text for text in HOSTILE if is_line(text)])
def test_the_readme_shows_names_as_they_are(tmp_path, target, text):
    """Read as CommonMark it has the same parts whatever the labels are: no link, no HTML, no further cell."""
    reader, pages = MarkdownIt("commonmark").enable("table"), []
    manifest = read_run_bundle(write_bundle(tmp_path / "bundle")).manifest
    for label in ("walking", text):
        words = package.described(replace(manifest, labels=(label, "b", "c")), target)
        tokens = reader.parse(package.readme(words, target))
        children = [child for token in tokens for child in token.children or ()]
        assert f"0 {label}, 1 b, 2 c" in "".join(child.content for child in children)
        pages.append([token.type for token in (*tokens, *children) if not token.type.startswith("text")])
    assert pages[0] == pages[1]
