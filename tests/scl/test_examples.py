"""The examples in scl's docstrings are run, and the functions that people call have one."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "scl").rglob("*.py")
    if "\n    Examples:\n" in path.read_text("utf-8") or "\n        Examples:\n" in path.read_text("utf-8")
)
# What somebody with a loop of their own calls: each public function and class here has an example.
CALLED = (
    "scl.partition",
    "scl.loss",
    "scl.negatives",
    "scl.transforms",
    "scl.metrics",
    "scl.robustness",
    "scl.group_figures",
    "scl.decision",
    "scl.belief",
    "scl.temperature",
)
FIGURES = {
    "SCLTerms",
    "Decisions",
    "CopyFigures",
    "ChangedLabels",
    "Transformed",
    "Robustness",
    "GroupFigures",
}  # what they return


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted and not done.failed


@pytest.mark.parametrize("name", CALLED)
def test_what_people_call_has_an_example(name: str) -> None:
    module = importlib.import_module(name)
    public = [
        value
        for key, value in vars(module).items()
        if (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__ == name and key[0] != "_"
    ]
    assert name in MODULES
    assert not [one.__name__ for one in public if ">>>" not in (one.__doc__ or "") and one.__name__ not in FIGURES]
