import numpy as np
import pytest

from scl.partition import Partition


def test_slices_tile_the_latent_in_order() -> None:
    p = Partition(3, 2, 4)
    latent = np.array(["i"] * 3 + ["v"] * 2 + ["f"] * 4)
    assert p.size == 9 and p.kept_size == 7
    assert [latent[s].tolist() for s in p.slices.values()] == [["i"] * 3, ["v"] * 2, ["f"] * 4]
    assert "v" not in latent[p.kept] and p.kept.tolist() == [0, 1, 2, 5, 6, 7, 8]


@pytest.mark.parametrize("sizes", [(0, 0, 5), (5, 0, 0), (0, 5, 0)])
def test_empty_groups(sizes: tuple[int, int, int]) -> None:
    p = Partition(*sizes)
    assert [s.stop - s.start for s in p.slices.values()] == list(sizes)


@pytest.mark.parametrize("sizes", [(-1, 2, 3), (0, 0, 0), (1.0, 2, 3), (True, 1, 1)])
def test_bad_sizes(sizes: tuple) -> None:
    with pytest.raises(ValueError, match="partition"):
        Partition(*sizes)


def test_parse() -> None:
    assert Partition.parse("32/32/64", 128) == Partition(32, 32, 64)
    assert str(Partition.parse("1/2/3")) == "1/2/3"
    with pytest.raises(ValueError, match="add up to 128, but the latent has 64"):
        Partition.parse("32/32/64", 64)
    for text in ("32/32", "a/b/c", "1/-2/3", ""):
        with pytest.raises(ValueError, match="invariant/variant/free"):
            Partition.parse(text)
