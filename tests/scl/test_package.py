"""`scl` gives the method's names when they are asked for, and loads nothing heavy before."""

import subprocess
import sys

import pytest


def test_the_names_of_the_method() -> None:
    import scl
    from scl import Partition, StructuredContrastiveLoss
    from scl.loss import StructuredContrastiveLoss as SameLoss
    from scl.partition import Partition as SamePartition

    assert Partition is SamePartition and StructuredContrastiveLoss is SameLoss
    for name in scl.__all__:
        assert getattr(scl, name).__name__ == name
    with pytest.raises(ImportError, match="Nothing"):
        from scl import Nothing  # noqa: F401
    with pytest.raises(AttributeError, match="module 'scl' has no attribute 'Nothing'"):
        _ = scl.Nothing


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import scl", []),
        ("from scl import Partition", []),
        ("import scl.artifacts, scl.metrics, scl.robustness", []),
        ("from scl import StructuredContrastiveLoss", ["torch"]),
    ],
)
def test_what_an_import_loads(statement: str, loaded: list[str]) -> None:
    code = f"import sys; {statement}; print([m for m in ('torch', 'tensorflow', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(loaded), done.stderr
