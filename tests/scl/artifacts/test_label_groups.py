"""Groups of labels as text and as numbers, and what is none."""

import re

import numpy as np
import pytest

from scl.artifacts.label_groups import LabelGroup, LabelGroups

LABELS = ("walking", "soup", "sitting", "chips", "jogging")


def test_text_and_back() -> None:
    groups = LabelGroups.parse("eating=soup+chips, moving = walking + jogging")
    assert tuple(groups) == (LabelGroup("eating", ("soup", "chips")), LabelGroup("moving", ("walking", "jogging")))
    assert LabelGroups.parse(str(groups)) == groups and str(groups) == "eating=soup+chips,moving=walking+jogging"
    assert LabelGroups.parse("") == LabelGroups() and str(LabelGroups()) == ""


def test_every_label_has_the_number_of_its_group() -> None:
    groups = LabelGroups.parse("moving=jogging+walking,eating=chips+soup")
    groups.check(LABELS)
    names, numbers = groups.names(LABELS), groups.numbers(LABELS)
    expected = {"walking": "moving", "jogging": "moving", "soup": "eating", "chips": "eating", "sitting": "sitting"}
    assert {label: names[number] for label, number in zip(LABELS, numbers, strict=True)} == expected
    assert sorted(names) == sorted(set(expected.values()))
    assert (LabelGroups().numbers(LABELS) == np.arange(5)).all() and LabelGroups().names(LABELS) == LABELS


def test_a_group_may_have_the_name_of_a_class_in_it() -> None:
    LabelGroups.parse("soup=soup+chips").check(LABELS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("eating", "groups is 'eating', expected NAME=LABEL+LABEL,NAME=LABEL+LABEL"),
        ("=soup", "groups is '=soup', expected NAME=LABEL+LABEL"),
        ("eating=soup,chips", "groups is 'eating=soup,chips', expected NAME=LABEL+LABEL"),
        ("eating=", "groups: eating has no labels"),
        ("eating=+", "groups: eating has no labels"),
        (
            "eating=soup+crisps",
            "groups: eating has crisps, which is no label; labels: walking, soup, sitting, chips, jogging",
        ),
        ("eating=soup,tasty=soup+chips", "groups: soup is in eating and in tasty, expected in one"),
        ("eating=soup+soup", "groups: soup is in eating and in eating"),
        ("eating=soup,eating=chips", "groups: eating is there twice"),
        ("sitting=soup+chips", "groups: sitting is the name of a class that is not in it, expected another name"),
    ],
)
def test_what_is_no_group(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        LabelGroups.parse(text).check(LABELS)
