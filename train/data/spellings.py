"""Names that may mean the same: classes and people that somebody typed."""

import re
from collections.abc import Callable, Sequence
from itertools import combinations

from scl.text import folded

LEAST_LETTERS = 5  # of a word whose misspelling is not another word
ENDINGS = re.compile(r"(ing|s|ed)$")


def alike(names: Sequence[str], apart: Callable[[str, str], bool]) -> list[tuple[str, str]]:
    """Pairs that differ in case and blanks, in an ending (walk, walking) or in one letter (walking, walkng).

    Args:
        apart: whether two names may be the same, as nothing has both.
    """
    pairs = combinations(sorted(set(names)), 2)
    return [(a, b) for a, b in pairs if folded(a) == folded(b) or (_near(folded(a), folded(b)) and apart(a, b))]


def same_number(names: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs that differ in case, blanks, marks or leading zeros alone: p2, P02 and p_2."""
    plain = {name: re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\W_]+", "", folded(name))) for name in set(names)}
    return [(a, b) for a, b in combinations(sorted(plain), 2) if plain[a] == plain[b]]


def _near(a: str, b: str) -> bool:
    """Whether two words differ in an ending, or one lacks a letter of the other, has two in another order, or one that
    is wrong, not at the beginning (walk and talk are two) nor a digit.
    """
    if ENDINGS.sub("", a) == ENDINGS.sub("", b) and min(len(a), len(b)) > 2:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) < LEAST_LETTERS - 1 or len(long) < LEAST_LETTERS or short[0] != long[0] or len(long) - len(short) > 1:
        return False
    if re.sub(r"\D", "", a) != re.sub(r"\D", "", b):
        return False
    at = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
    if len(long) > len(short):
        return short[at:] == long[at + 1 :]
    swapped = long[:at] + long[at + 1 : at + 2] + long[at : at + 1] + long[at + 2 :]
    return short == swapped or (len(long) > LEAST_LETTERS and short[at + 1 :] == long[at + 1 :])
