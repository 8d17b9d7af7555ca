"""What a bundle's model says, and boards that hold another."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_host.messages import MessageError
from firmware_host.model import check_board, class_name, dequantized, is_class
from scl.artifacts import InputError
from scl.artifacts.bundle import read_run_bundle
from scl.decision import LOST


@pytest.fixture
def bundle(fake_bundle):
    return read_run_bundle(fake_bundle)


def test_features_in_the_latent_s_units(bundle):
    values = dequantized(np.array([4, 5, -6], np.int8), bundle.manifest.outputs.features)
    assert (values == np.array([0.0, 0.1, -1.0])).all()


def test_names_of_classes_and_masks(bundle):
    assert [class_name(bundle.manifest, code) for code in (0, 2, LOST)] == ["walking", "sitting", "abstained"]
    assert class_name(bundle.manifest, LOST, "lost") == "lost"
    several = replace(bundle.manifest, thresholds=(0, 0, 0))
    assert [class_name(several, code) for code in (0, 1, 5)] == ["none", "walking", "walking+sitting"]


@pytest.mark.parametrize("several", [False, True])
def test_bytes_that_are_no_class(bundle, several):
    """Every byte that a board can send: a name, or an error that says what was found."""
    manifest = replace(bundle.manifest, thresholds=(0, 0, 0)) if several else bundle.manifest
    classes = 8 if several else 3
    assert [code for code in range(256) if is_class(manifest, code)] == [*range(classes), 255]
    for code in (*range(-5, LOST), *range(classes, 256), 2**31):
        with pytest.raises(MessageError, match=f"the board sent class {code}, of a model with 3 labels; flash"):
            class_name(manifest, code)


def test_a_board_that_holds_the_model(bundle, make_board):
    check_board(make_board().hello, bundle, "fake")


def test_a_board_with_another_model(bundle, make_board):
    with pytest.raises(
        InputError, match=f"port fake: the board holds model {'12' * 32}, .* is model {'ab' * 32}; flash"
    ):
        check_board(make_board(model_hash="12" * 32).hello, bundle, "fake")


def test_a_board_that_describes_the_model_otherwise(bundle, make_board):
    with pytest.raises(InputError, match=r"\(0, 200, 6, 200, 5, 4, .* manifest of .* as \(0, 200, 6, 200, 5, 3, "):
        check_board(make_board(classes=4).hello, bundle, "fake")
