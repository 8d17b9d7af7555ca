"""What a bundle's model says, and boards that hold another."""

from dataclasses import fields, replace

import numpy as np
import pytest

from firmware_host.breakdown import tabled_classes
from firmware_host.message_error import MessageError
from firmware_host.model import check_board, check_streams, class_name, dequantized, is_class
from scl.artifacts import InputError
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.manifest import NetworkManifest, OutputTensor
from scl.decision import LOST

NETWORK_FIELDS = {field.name for field in fields(NetworkManifest)}


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


def test_a_model_of_beats_classifies_no_stream(bundle):
    check_streams(bundle)
    with pytest.raises(InputError, match="nothing here finds beats; use validate, or the monitor without --record"):
        check_streams(replace(bundle, manifest=replace(bundle.manifest, task="beat")))


@pytest.mark.parametrize("several", [False, True])
def test_numbers_that_are_no_class(bundle, several):
    """Every number that a board can send: a name, or an error that says what was found."""
    manifest = replace(bundle.manifest, thresholds=(0, 0, 0)) if several else bundle.manifest
    classes = 8 if several else 3
    assert [code for code in range(65536) if is_class(manifest, code)] == [*range(classes), 65535]
    for code in (*range(-5, LOST), *range(classes, 300), 65535, 2**31):
        with pytest.raises(MessageError, match=f"sent class {code}, of a model with {classes} classes; flash"):
            class_name(manifest, code)


def test_classes_without_names_are_told_by_number(bundle):
    outputs = replace(bundle.manifest.outputs, logits=OutputTensor(400, 1.0, 0))
    facts = {name: value for name, value in vars(bundle.manifest).items() if name in NETWORK_FIELDS}
    manifest = NetworkManifest(**facts | {"labels": (), "outputs": outputs})
    assert [class_name(manifest, code) for code in (0, 300, 399)] == ["class0", "class300", "class399"]
    assert is_class(manifest, 399) and not is_class(manifest, 400)
    for labels in (("a",), ("a",) * 400):
        with pytest.raises(ValueError):
            NetworkManifest(**facts | {"labels": labels, "outputs": outputs})


@pytest.mark.parametrize(("outputs", "rows"), [(3, 3), (255, 255), (256, 0)])
def test_a_report_has_a_row_for_each_of_255_classes_at_most(bundle, outputs, rows):
    """Named or not; a page of 400 times 400 counts is read by nobody."""
    tensors = replace(bundle.manifest.outputs, logits=OutputTensor(outputs, 1.0, 0))
    facts = {name: value for name, value in vars(bundle.manifest).items() if name in NETWORK_FIELDS}
    manifest = NetworkManifest(**facts | {"labels": (), "outputs": tensors})
    assert tabled_classes(manifest) == [f"class{code}" for code in range(rows)]
    assert tabled_classes(bundle.manifest) == ["walking", "jogging", "sitting"]
    assert not tabled_classes(replace(manifest, int8=replace(manifest.int8, accuracy=None)))


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
    with pytest.raises(InputError, match=r"\(0, 200, 6, 200, 5, 3, \[\]\), the manifest of .*'sitting'"):
        check_board(make_board(labels=()).hello, bundle, "fake")
