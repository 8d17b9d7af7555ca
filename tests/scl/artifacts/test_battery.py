"""battery.npz: what is written is read, and what the manifest does not say is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError, read_npz, write_npz
from scl.artifacts.battery import read_battery, write_battery
from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.bundle import Bundle, hashes, read_bundle, read_run_bundle, write_manifest
from scl.artifacts.golden import Golden, read_golden
from scl.artifacts.manifest import BundleManifest, Manifest
from tests.bundles import write_bundle

COPIES = BatteryCopy("mirror", "the other wrist", "", 1.0), BatteryCopy("held", "samples are held", "%", 5.0)


def written(folder: Path) -> tuple[Golden, Bundle[BundleManifest]]:
    """A bundle whose golden windows are its battery too: a row as recorded, and two more."""
    bundle = read_run_bundle(write_bundle(folder))
    golden = read_golden(bundle)
    write_battery(folder, golden)
    return golden, listed(folder, bundle.manifest)


def listed(folder: Path, manifest: Manifest, battery: tuple[BatteryCopy, ...] = COPIES) -> Bundle[BundleManifest]:
    (folder / "manifest.json").unlink()
    write_manifest(folder, replace(manifest, battery=battery, files=hashes(folder)))
    return read_bundle(folder)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    golden, bundle = written(tmp_path / "bundle")
    copies, again = read_battery(bundle)
    assert copies == COPIES
    for name in ("counts", "features", "logits", "input_crc32", "flags", "groups", "predictions"):
        np.testing.assert_array_equal(getattr(golden, name), getattr(again, name))
    assert again.labels.shape == golden.labels.shape and (again.labels == golden.labels[0]).all()


def test_a_bundle_without_a_battery_says_how_to_get_one(tmp_path: Path) -> None:
    bundle = read_bundle(write_bundle(tmp_path / "bundle"))
    with pytest.raises(InputError, match=r"has no battery.npz.*export it again with .* --battery small"):
        read_battery(bundle)


def test_a_row_too_few_and_a_label_that_there_is_not_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    _golden, bundle = written(folder)
    assert isinstance(bundle.manifest, Manifest)
    with pytest.raises(InputError, match=r"battery.npz: counts is int16 \(3, 12, 200, 6\), expected int16 \(2, "):
        read_battery(listed(folder, bundle.manifest, COPIES[:1]))
    arrays = read_npz(folder / "battery.npz")
    for name, value in (("labels", 3), ("flags", 9)):
        broken = {key: array.copy() for key, array in arrays.items()}
        broken[name].flat[0] = value
        write_npz(folder / "battery.npz", **broken)
        with pytest.raises(InputError, match=f"battery.npz: {name} holds {value}, expected 0 to "):
            read_battery(listed(folder, bundle.manifest))
