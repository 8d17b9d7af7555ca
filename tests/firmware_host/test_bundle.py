"""A bundle that is damaged, of another schema, or for another board is refused with the reason."""

import numpy as np
import pytest

from firmware_host.bundle import load_bundle
from scl.artifacts import InputError, sha256_file, write_npz


def test_a_good_bundle(fake_bundle, make_board):
    bundle = load_bundle(fake_bundle)
    bundle.check_board(make_board().hello, "fake")
    assert bundle.read_golden().counts.shape == (3, 12, 200, 6)
    assert (bundle.dequantize(np.array([4, 5, -6], np.int8)) == np.array([0.0, 0.1, -1.0])).all()


def test_ties_go_to_the_lowest_class(fake_bundle):
    golden = load_bundle(fake_bundle).read_golden()
    golden.logits[0, 0] = [7, 9, 9]
    assert golden.predictions[0, 0] == 1


@pytest.mark.parametrize(
    ("windows", "rows"), [(None, range(12)), (99, range(12)), (4, [0, 3, 6, 9]), (1, [0]), (5, [0, 2, 4, 7, 9])]
)
def test_a_limit_spreads_over_the_set(fake_bundle, windows, rows):
    golden = load_bundle(fake_bundle).read_golden()
    some = golden.limited(windows)
    assert (some.counts == golden.counts[:, list(rows)]).all()
    assert (some.labels == golden.labels[:, list(rows)]).all() and (some.groups == golden.groups[list(rows)]).all()
    assert (some.logits == golden.logits[:, list(rows)]).all() and some.rows.tolist() == list(rows)


def test_no_bundle(tmp_path):
    with pytest.raises(InputError, match=r"manifest.json is missing\); make one with `python -m export.quantize"):
        load_bundle(tmp_path)


def test_a_changed_file(fake_bundle):
    path = fake_bundle / "golden.npz"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(
        InputError, match=f"golden.npz: SHA-256 is {sha256_file(path)}, manifest.json says .*export it again"
    ):
        load_bundle(fake_bundle)


def test_a_missing_file(fake_bundle):
    (fake_bundle / "evaluation.npz").unlink()
    with pytest.raises(InputError, match="evaluation.npz: missing, though manifest.json lists it"):
        load_bundle(fake_bundle)


def test_another_schema(fake_bundle, edit_manifest):
    edit_manifest(fake_bundle, schema=1)
    with pytest.raises(InputError, match="manifest.json: .*schema 1.* 4"):
        load_bundle(fake_bundle)


def test_a_manifest_with_holes(fake_bundle, edit_manifest):
    edit_manifest(fake_bundle, partition={"invariant": 3}, outputs=[])
    with pytest.raises(
        InputError, match="manifest.json: partition.variant, partition.free, outputs.features.size, .* missing"
    ):
        load_bundle(fake_bundle)


def test_golden_outputs_of_another_shape(fake_bundle, edit_manifest):
    edit_manifest(fake_bundle, outputs={"features": {"size": 6, "scale": 1, "zero_point": 0}, "logits": {"size": 3}})
    with pytest.raises(InputError, match=r"golden.npz: features is int8 \(3, 12, 5\), expected int8 \(3, 12, 6\)"):
        load_bundle(fake_bundle).read_golden()


def test_labels_of_another_number(fake_bundle, edit_manifest):
    write_npz(fake_bundle / "evaluation.npz", labels=np.zeros(11, int), groups=np.zeros(12, int))
    edit_manifest(fake_bundle, files={"evaluation.npz": sha256_file(fake_bundle / "evaluation.npz")})
    with pytest.raises(InputError, match=r"evaluation.npz: labels has shape \(11,\), expected \(3, 12\) as golden.npz"):
        load_bundle(fake_bundle).read_golden()


def test_a_board_with_another_model(fake_bundle, make_board):
    bundle = load_bundle(fake_bundle)
    with pytest.raises(
        InputError, match=f"port fake: the board holds model {'12' * 32}, .* is model {'ab' * 32}; flash"
    ):
        bundle.check_board(make_board(model_hash="12" * 32).hello, "fake")


def test_a_board_that_describes_the_model_otherwise(fake_bundle, make_board):
    with pytest.raises(InputError, match=r"\(200, 6, 200, 5, 4, .* manifest of .* as \(200, 6, 200, 5, 3, "):
        load_bundle(fake_bundle).check_board(make_board(classes=4).hello, "fake")
