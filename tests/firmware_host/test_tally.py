"""A stream's answers beside labels, some of which the model does not know."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_host.tally import Tally
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.capture import Capture


@pytest.fixture
def manifest(fake_bundle):
    return read_run_bundle(fake_bundle).manifest


def record(*label):
    counts = np.zeros((max(len(label), 1), 6), np.int16)
    return Capture("bmi270", 20.0, ("ax", "ay", "az", "gx", "gy", "gz"), counts, label=label)


def test_no_labels_no_words(manifest):
    tally = Tally(manifest, record())
    tally.add("", "walking")
    assert tally.lines() == []


def test_an_abstaining_board_is_wrong_for_a_known_label_and_told_for_an_unknown_one(manifest):
    tally = Tally(manifest, record("walking", "rowing"))
    for label in ("walking", "walking", "rowing", "rowing", ""):
        tally.add(label, "abstained")
    tally.add("walking", "walking")
    assert (tally.known, tally.right) == (3, 1)
    assert tally.lines()[-1] == "  rowing: 0.1 s, 2 classes; the model said abstained 2"


def test_a_label_that_is_called_abstained_is_no_class(manifest):
    tally = Tally(manifest, record("abstained"))
    tally.add("abstained", "abstained")
    assert (tally.known, tally.unknown) == (0, {"abstained": {"abstained": 1}})


def test_another_spelling_is_the_same_class(manifest):
    """Unless both spellings are classes of the model."""
    tally = Tally(manifest, record("Walking ", "JOGGING"))
    tally.add("Walking ", "walking")
    tally.add("JOGGING", "walking")
    assert (tally.known, tally.right, tally.unknown) == (2, 1, {})
    tally = Tally(replace(manifest, labels=("a", "A", "b")), record("a"))
    tally.add("a", "a")
    tally.add("A", "A")
    tally.add("A", "a")
    assert (tally.known, tally.right) == (3, 2)


def test_labels_that_no_class_fell_on(manifest):
    """Accuracy is not told from nothing, and an unknown label that was too short is still named."""
    tally = Tally(manifest, record("walking", "rowing", ""))
    assert tally.lines()[0].startswith("accuracy cannot be told: no class fell on a label that the model knows; it ")
    assert tally.lines()[-1] == "  rowing: 0.1 s, 0 classes; the model said nothing"
    assert Tally(manifest, record("walking", "")).lines()[0].startswith("accuracy cannot be told")


def test_labels_that_hold_together(manifest):
    """Any set of the model's labels is one that it can answer, none of them too; another is not."""
    together = replace(manifest, labels=("N", "AF", "ST"), thresholds=(0.0, 0.0, 0.0))
    tally = Tally(together, record("N+ST", "none", "N+VT"))
    for label in ("N+ST", "none", "N+VT"):
        tally.add(label, "N+ST")
    assert (tally.known, tally.right, tally.unknown) == (2, 1, {"N+VT": {"N+ST": 1}})


def test_many_classes_are_named_in_bounds(manifest):
    long = tuple(f"a class with quite some name of some eighty characters, the number {i}" * 2 for i in range(3))
    tally = Tally(replace(manifest, labels=long), record("rowing"))
    tally.add("rowing", long[0])
    assert len(tally.lines()[0]) < 320 and tally.lines()[0].endswith("...")
