"""A method is added with its file and its line where methods are named; nothing else asks which method it is."""

import ast
import json
from pathlib import Path

import pytest
import torch

import train
from train import imu
from train.methods import METHODS, named

MINE = '''"""Views' latents are to be equal."""

from torch import Tensor

from train.methods.base import Method, of_latents


def distance(z: Tensor, z_t: Tensor) -> Tensor:
    """Mean squared distance of the latents."""
    return (z - z_t).square().mean()


METHOD = Method("mine", between=of_latents(distance))
'''
HALF = '''"""One view, transformed."""

from train.methods.base import Method

METHOD = Method("half", first_transformed=True)
'''


@pytest.mark.parametrize(("name", "text", "parts"), [("mine", MINE, {"task", "contrast"}), ("half", HALF, {"task"})])
def test_a_made_up_method_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, parts: set[str]
) -> None:
    (tmp_path / f"made_up_{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(METHODS, name, f"made_up_{name}")
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    monkeypatch.setattr("train.run.loop.pick_device", lambda: torch.device("cpu"))
    options = ["--epochs", "1", "--draws", "1", "--partition", "8/8/16", "--out", str(tmp_path / "run")]
    assert imu.main(["--method", name, *options]) == 0
    info = json.loads((tmp_path / "run" / "run.json").read_text())
    assert info["method"] == info["config"]["method"] == name
    logged = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert {part for part in ("task", "contrast", "d_invariant") if f'"{part}"' in logged} == parts


def test_every_method_says_which_views_it_trains_on() -> None:
    assert [(named(name).name, named(name).views) for name in METHODS] == [
        ("baseline", 1),
        ("augment", 1),
        ("scl", 2),
        ("simclr", 2),
        ("vicreg", 2),
    ]
    assert [named(name).transforms_first("original") for name in METHODS] == [False, True, False, False, False]
    assert [named(name).transforms_first("transformed") for name in METHODS] == [False, True, True, True, True]


def test_nothing_compares_a_method_by_its_name() -> None:
    """A method's name stands in its own file, where methods are named, and as the default."""
    allowed = {"methods/__init__.py", "run/config.py", *(f"methods/{name}.py" for name in METHODS)}
    root = Path(train.__file__).parent
    for path in sorted(root.rglob("*.py")):
        texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
        if str(path.relative_to(root)) not in allowed:
            assert not texts & set(METHODS), path
