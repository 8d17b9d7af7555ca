"""Which groups a bundle carries."""

import pytest

from export import quantize
from export.label_groups import label_groups
from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.artifacts.label_groups import LabelGroups
from scl.artifacts.run import RunInfo, WindowInfo
from scl.partition import Partition
from tests.run_info import run_info

IMU = WindowInfo(40, 20.0, ("ax", "ay", "az", "gx", "gy", "gz"), ("m/s^2",) * 3 + ("rad/s",) * 3)


def info(**changes: object) -> RunInfo:
    return run_info(Architecture((8,), (2,), 5), Partition(4, 4, 4), IMU, ("walking", "soup", "chips"), **changes)


def test_those_that_are_given_come_before_the_runs() -> None:
    trained = info(config={"groups": "eating=soup+chips"})
    assert str(label_groups(trained, None)) == "eating=soup+chips"
    assert str(label_groups(trained, LabelGroups.parse("meal=soup+chips"))) == "meal=soup+chips"
    assert label_groups(trained, LabelGroups()) == LabelGroups() == label_groups(info(), None)


def test_what_the_run_has_not() -> None:
    with pytest.raises(InputError, match="run x: groups: eating has pasta, .* soup, chips; give other --groups"):
        label_groups(info(), LabelGroups.parse("eating=soup+pasta"))
    with pytest.raises(InputError, match="--groups are of windows with one label each, run x has others; leave it out"):
        label_groups(info(multilabel=True), LabelGroups.parse("eating=soup+chips"))


def test_a_text_that_is_no_groups(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        quantize.main(["runs/imu", "--out", "bundles/imu", "--groups", "soup+chips"])
    assert "groups is 'soup+chips', expected NAME=LABEL+LABEL" in capsys.readouterr().err
