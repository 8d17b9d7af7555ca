"""Negatives: never the window itself, every allowed window comes up, evenly; the bank against a list."""

from collections import Counter

import pytest
import torch

from scl.negatives import MemoryBank, all_other_classes, all_others, negatives, other_class


def test_negatives_are_other_windows_and_every_other_window_comes_up() -> None:
    z = torch.arange(5.0)[:, None]
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(200):
        other = negatives(z, generator)
        assert sorted(other.flatten().tolist()) == [0, 1, 2, 3, 4] and not (other == z).any()
        seen.add(int(other[0]))
    assert seen == {1, 2, 3, 4}
    with pytest.raises(ValueError, match="at least 2"):
        negatives(z[:1])


def test_other_class_is_drawn_evenly_from_all_of_them() -> None:
    z, labels = torch.arange(6.0)[:, None], torch.tensor([0, 0, 0, 1, 1, 2])
    generator = torch.Generator().manual_seed(0)
    drawn = Counter()
    for _ in range(3000):
        other = other_class(z, labels, generator).flatten().int().tolist()
        assert all(labels[a] != labels[b] for a, b in enumerate(other))
        drawn[other[0]] += 1
    assert set(drawn) == {3, 4, 5} and max(abs(n - 1000) for n in drawn.values()) < 150  # 5 deviations
    with pytest.raises(ValueError, match="at least 2"):
        other_class(z[:1], labels[:1])


def test_a_batch_of_one_class_still_has_negatives() -> None:
    z, generator = torch.arange(4.0)[:, None], torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(100):
        other = other_class(z, torch.zeros(4, dtype=torch.int64), generator)
        assert not (other == z).any()
        seen.add(int(other[0]))
    assert seen == {1, 2, 3}


def test_weights_of_all_others_and_of_all_of_another_class() -> None:
    labels = [2, 0, 0, 1, 2, 2]
    even, classes = all_others(6).tolist(), all_other_classes(torch.tensor(labels)).tolist()
    for row in range(6):
        different = [other for other in range(6) if labels[other] != labels[row]]
        assert even[row] == pytest.approx([0.0 if other == row else 1 / 5 for other in range(6)])
        assert classes[row] == pytest.approx([1 / len(different) if o in different else 0.0 for o in range(6)])
    assert torch.equal(all_other_classes(torch.zeros(4, dtype=torch.int64)), all_others(4))
    with pytest.raises(ValueError, match="at least 2"):
        all_others(1)


@pytest.mark.parametrize("size", [1, 3, 7, 8, 20])
def test_the_bank_is_a_list_of_the_last_windows(size: int) -> None:
    bank, kept, generator = MemoryBank(size, 2), [], torch.Generator().manual_seed(1)
    for step in range(12):
        z = (torch.arange(4.0) + 4 * step)[:, None].expand(4, 2).clone().requires_grad_()
        drawn = bank.draw(z, generator)
        if step == 0:
            assert not (drawn == z).all(dim=1).any() and drawn.requires_grad  # nothing stored: of the batch
        else:
            assert {int(v) for v in drawn[:, 0]} <= set(kept) and not drawn.requires_grad
        kept = (kept + [int(v) for v in z[:, 0]])[-size:]
        assert sorted(bank.latents[: int(bank.stored), 0].int().tolist()) == sorted(kept)


def test_every_stored_window_comes_up_and_the_state_can_be_restored() -> None:
    bank, generator = MemoryBank(6, 1), torch.Generator().manual_seed(0)
    bank.draw(torch.arange(6.0)[:, None], generator)
    other = MemoryBank(6, 1)
    other.load_state_dict(bank.state_dict())
    seen = {int(v) for v in other.draw(torch.zeros(200, 1), generator)[:, 0]}
    assert seen == {0, 1, 2, 3, 4, 5}


def test_a_bank_needs_room() -> None:
    with pytest.raises(ValueError, match="memory bank of 0 windows"):
        MemoryBank(0, 4)
