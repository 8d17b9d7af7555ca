"""battery.npz of a bundle: windows under one nuisance after the other, and what a board must answer. The manifest says
which nuisance and which strength each row is; the first row holds the windows as they were recorded. Of a bundle that
finds heartbeats, rows are of stretches of recordings, each row with all of them.
"""

from pathlib import Path

import numpy as np

from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.bundle import Bundle
from scl.artifacts.errors import InputError
from scl.artifacts.golden import Golden
from scl.artifacts.golden_beats import GoldenBeats, read_golden_beats, write_golden_beats
from scl.artifacts.manifest import BundleManifest, Manifest
from scl.artifacts.npz_files import Array, read_arrays, write_npz
from scl.frontend.flags import LEAD_OFF, SATURATED

BATTERY = "battery.npz"
PAIRS = ("copies", "windows")


def write_battery(folder: Path, golden: Golden) -> None:
    """Writes battery.npz into a bundle folder; a nuisance leaves labels alone, so there is one row of them."""
    columns = ("counts", "features", "logits", "input_crc32", "flags", "groups")
    write_npz(folder / BATTERY, **{name: getattr(golden, name) for name in columns}, labels=golden.labels[0])


def read_battery(bundle: Bundle[BundleManifest]) -> tuple[tuple[BatteryCopy, ...], Golden]:
    """What rows 1 and on are, and all rows.

    Raises InputError of a bundle without a battery, or one whose shapes, types or labels are not the manifest's.
    """
    manifest = _with_battery(bundle)
    sizes = {
        "copies": 1 + len(manifest.battery),
        "raw_samples": manifest.raw_samples,
        "values": manifest.values,
        "features": manifest.features,
        "classes": manifest.outputs.logits.size,
    }
    arrays, sizes = read_arrays(
        bundle.file(BATTERY),
        {
            "counts": Array(np.int16, (*PAIRS, "raw_samples", "values")),
            "features": Array(np.int8, (*PAIRS, "features")),
            "logits": Array(np.int8, (*PAIRS, "classes")),
            "input_crc32": Array(np.uint32, PAIRS),
            "flags": Array(np.uint8, PAIRS),
            "labels": Array(np.int64, ("windows",)),
            "groups": Array(np.int64, ("windows",)),
        },
        sizes,
    )
    path = bundle.path / BATTERY
    if not sizes["windows"]:
        raise InputError(f"{path}: holds no window; {manifest.advice}")
    for name, most in (("labels", manifest.classes - 1), ("flags", SATURATED | LEAD_OFF)):
        wrong = arrays[name][(arrays[name] < 0) | (arrays[name] > most)]
        if wrong.size:
            raise InputError(f"{path}: {name} holds {wrong[0]}, expected 0 to {most}; {manifest.advice}")
    labels = np.tile(arrays.pop("labels"), (sizes["copies"], 1))
    return manifest.battery, Golden(
        **arrays, labels=labels, rows=np.arange(sizes["windows"]), thresholds=manifest.thresholds
    )


def write_beat_battery(folder: Path, golden: GoldenBeats) -> None:
    """Writes battery.npz of stretches, row by row, into a bundle folder."""
    write_golden_beats(folder, golden, BATTERY)


def read_beat_battery(bundle: Bundle[BundleManifest]) -> tuple[tuple[BatteryCopy, ...], GoldenBeats]:
    """What rows 1 and on are, and the stretches of all rows, each row of the same recordings with the same annotations.

    Raises InputError of a bundle without a battery, or one that is not the manifest's.
    """
    manifest = _with_battery(bundle)
    golden, rows, path = read_golden_beats(bundle, BATTERY), 1 + len(manifest.battery), bundle.path / BATTERY
    if len(golden.groups) % rows:
        raise InputError(
            f"{path}: has {len(golden.groups)} stretches, expected a multiple of {rows}, the rows of the manifest; "
            f"{manifest.advice}"
        )
    records = len(golden.groups) // rows
    first = [golden.truth(stretch) for stretch in range(records)]
    for stretch in range(records, len(golden.groups)):
        (at, classes), (due, named) = golden.truth(stretch), first[stretch % records]
        same = golden.groups[stretch] == golden.groups[stretch % records]
        if not (same and np.array_equal(at, due) and np.array_equal(classes, named)):
            raise InputError(
                f"{path}: stretch {stretch} is of another recording, or annotated otherwise, than stretch "
                f"{stretch % records}, expected the same; {manifest.advice}"
            )
    return manifest.battery, golden


def _with_battery(bundle: Bundle[BundleManifest]) -> Manifest:
    manifest = bundle.manifest
    if not isinstance(manifest, Manifest) or not manifest.battery:
        raise InputError(
            f"{bundle.path}: has no {BATTERY}, expected a run's bundle with one; export it again with "
            "python -m export.quantize RUN --battery small"
        )
    return manifest
