"""export_report.json: what is written is read back; what is damaged is refused by name."""

import json
import shutil

import pytest

from scl.artifacts import InputError, write_artifact
from scl.artifacts.bundle import Bundle, read_run_bundle
from scl.artifacts.export_report import ExportReport, NetworkReport, read_report


@pytest.fixture
def bundle(bundle_folder, tmp_path) -> Bundle:
    folder = shutil.copytree(bundle_folder, tmp_path / "bundle")
    return read_run_bundle(folder)


def test_what_is_written_is_read(bundle):
    report = read_report(bundle)
    assert isinstance(report, ExportReport) and report.model_hash == bundle.manifest.model_hash
    assert report.cost == bundle.manifest.cost and report.name == bundle.manifest.name
    write_artifact(bundle.path / "export_report.json", report)
    assert read_report(bundle) == report


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("schema",), 1, "schema 1, this version reads schema 4"),
        (("kind",), NetworkReport.kind, "expected kind 'export_report'"),
        (("layers", 0, "macs"), "many", "layers.0.macs"),
        (("layers", 0, "output"), [1], "layers.0.output"),
        (("memory_map", 0, "offset"), -1, "memory_map.0.offset"),
        (("memory_map", 0, "bytes"), 10**9, "beyond the arena's"),
        (("memory_map",), [], "no place of the input"),
        (("evaluation", "loss_points", "accuracy"), None, "evaluation.loss_points.accuracy"),
        (("saturated",), 2, "saturated"),
    ],
)
def test_a_wrong_field_is_named(bundle, path, value, named):
    file = bundle.path / "export_report.json"
    report = json.loads(file.read_text())
    place = report
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    file.write_text(json.dumps(report))
    with pytest.raises(InputError) as caught:
        read_report(bundle)
    assert str(file) in str(caught.value) and named in str(caught.value) and "export it again" in str(caught.value)
