"""golden.npz and evaluation.npz of a bundle: the samples that are sent to a board, and what it must answer.

Both are aligned row by row; transform 0 is the identity.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scl.artifacts.bundle import Bundle
from scl.artifacts.errors import InputError
from scl.artifacts.manifest import BundleManifest
from scl.artifacts.npz_files import Array, read_arrays, write_npz
from scl.decision import LOST, UNKNOWN, decide
from scl.frontend.flags import LEAD_OFF, SATURATED

GOLDEN, EVALUATION = "golden.npz", "evaluation.npz"
FEWEST = 3  # windows: of a rarer class there may be none among some
SKEW = 1e-3  # of a rotation matrix times its transpose, from the identity


@dataclass(frozen=True, eq=False)
class Golden:
    """What the board must answer to each (transform, window)."""

    counts: np.ndarray  # (transforms, windows, raw_samples, values) int16; int8 where the network takes its own input
    features: np.ndarray  # (transforms, windows, features) int8
    logits: np.ndarray  # (transforms, windows, classes) int8
    input_crc32: np.ndarray  # (transforms, windows) uint32
    flags: np.ndarray  # (transforms, windows) uint8, of scl.frontend.flags
    labels: np.ndarray  # (transforms, windows) int64; of several labels, bit masks; UNKNOWN throughout if not known
    groups: np.ndarray  # (windows,) int64, subject or record
    rows: np.ndarray  # (windows,) place in the bundle's arrays
    thresholds: tuple[int, ...] | None  # of the logits, where labels are bit masks
    rotation: np.ndarray | None = None  # (transforms, windows, 3, 3) float64, that a copy was turned by
    shift: np.ndarray | None = None  # (transforms,) int32, samples of the source that a copy begins later

    @property
    def predictions(self) -> np.ndarray:
        """(transforms, windows); LOST where the board abstains."""
        return np.where(self.flags & LEAD_OFF, LOST, decide(self.logits, self.thresholds))

    def limited(self, windows: int | None) -> "Golden":
        """The golden set of `windows` originals, spread evenly over all of them; all of them for None.

        Classes that come in turn can all but one fall between evenly spread rows. Where one with room for FEWEST
        windows has none, rows are spread over the windows in the order of their classes and groups.
        """
        total = len(self.groups)
        if windows is None or windows >= total:
            return self
        rows, labels = np.arange(windows) * total // windows, self.labels[0]
        classes, counts = np.unique(labels, return_counts=True)
        if set(classes[counts * windows >= FEWEST * total]) - set(labels[rows]):
            rows = np.sort(np.lexsort((self.groups, labels))[rows])
        columns = ("counts", "features", "logits", "input_crc32", "flags", "labels")
        taken = {name: getattr(self, name)[:, rows] for name in columns}
        turned = None if self.rotation is None else self.rotation[:, rows]
        return replace(self, **taken, groups=self.groups[rows], rows=self.rows[rows], rotation=turned)


def write_golden(folder: Path, golden: Golden, windows: np.ndarray) -> None:
    """Writes golden.npz and evaluation.npz into a bundle folder; `windows` float32 (windows, channels, samples) are the
    untransformed ones as they were cut.
    """
    columns = ("counts", "features", "logits", "input_crc32", "flags")
    drawn = {name: values for name in ("rotation", "shift") if (values := getattr(golden, name)) is not None}
    write_npz(folder / GOLDEN, **{name: getattr(golden, name) for name in columns}, **drawn)
    write_npz(folder / EVALUATION, windows=windows, labels=golden.labels, groups=golden.groups)


def read_golden(bundle: Bundle[BundleManifest]) -> Golden:
    """Reads both files of a bundle.

    Raises InputError if a shape or type is not what the manifest says, or a label is none of its labels.
    """
    manifest, path = bundle.manifest, bundle.path
    sizes = {
        "raw_samples": manifest.raw_samples,
        "values": manifest.values,
        "features": manifest.features,
        "classes": manifest.outputs.logits.size,
        "transforms": len(manifest.transforms),
    }
    pairs = ("transforms", "windows")
    arrays, sizes = read_arrays(
        bundle.file(GOLDEN),
        {
            "counts": Array(np.int8 if manifest.frontend is None else np.int16, (*pairs, "raw_samples", "values")),
            "features": Array(np.int8, (*pairs, "features")),
            "logits": Array(np.int8, (*pairs, "classes")),
            "input_crc32": Array(np.uint32, pairs),
            "flags": Array(np.uint8, pairs),
            **_drawn(manifest),
        },
        sizes,
    )
    truth, _ = read_arrays(
        bundle.file(EVALUATION), {"labels": Array(np.int64, pairs), "groups": Array(np.int64, ("windows",))}, sizes
    )
    if not sizes["windows"]:
        raise InputError(f"{path / GOLDEN}: holds no window; {manifest.advice}")
    known = (0, manifest.classes - 1) if manifest.labelled else (UNKNOWN, UNKNOWN)
    for file, name, values, least, largest in (
        (EVALUATION, "labels", truth["labels"], *known),
        (GOLDEN, "flags", arrays["flags"], 0, SATURATED | LEAD_OFF),
    ):
        wrong = values[(values < least) | (values > largest)]
        if wrong.size:
            expected = f"{least} to {largest}" if least < largest else f"{least}"
            raise InputError(f"{path / file}: {name} holds {wrong[0]}, expected {expected}; {manifest.advice}")
    if "rotation" in arrays:
        _check_rotations(path / GOLDEN, arrays["rotation"], manifest.advice)
    return Golden(**arrays, **truth, rows=np.arange(sizes["windows"]), thresholds=manifest.thresholds)


def _drawn(manifest: BundleManifest) -> dict[str, Array]:
    """The array that says what each copy was made by, of a transformation that is drawn."""
    arrays = {"rotation": Array(np.float64, ("transforms", "windows", 3, 3)), "shift": Array(np.int32, ("transforms",))}
    name = None if manifest.transformation is None else manifest.transformation.name
    return {name: arrays[name]} if name in arrays else {}


def _check_rotations(path: Path, rotation: np.ndarray, advice: str) -> None:
    """Raises InputError unless each matrix of (transforms, windows, 3, 3) keeps lengths."""
    with np.errstate(all="ignore"):
        skew = np.abs(rotation @ np.swapaxes(rotation, -1, -2) - np.eye(3)).max(axis=(-1, -2))
    wrong = np.argwhere(~(skew < SKEW))
    if len(wrong):
        transform, window = wrong[0]
        raise InputError(
            f"{path}: rotation of transform {transform}, window {window} is no rotation, expected a matrix that keeps "
            f"lengths; {advice}"
        )
