"""What was asked for and what came of it, in words: the first lines of a report."""

from collections.abc import Iterator
from dataclasses import dataclass

from firmware_host.validation import Validation
from scl.pages.rendering import share


@dataclass(frozen=True)
class Sentence:
    """A subject, what is said of it, and whether that is good; None: nothing was asked."""

    subject: str
    text: str
    good: bool | None


def verdict_sentences(v: Validation) -> list[Sentence]:
    """Exactness, which is always asked for, then accuracy and robustness, which thresholds ask for."""
    return [_exact(v), *_accuracy(v), *_robust(v)]


def _exact(v: Validation) -> Sentence:
    parity = v.parity
    wrong = [
        (parity.windows_off, "answers"),
        (parity.input_crc32_off, "network inputs"),
        (parity.predictions_off, "classes"),
        (parity.flags_off, "flags"),
    ]
    different = ", ".join(f"{count:,} {name}" for count, name in wrong if count)
    of = f"{parity.compared:,} of {v.sent:,} windows"
    if different:
        return Sentence("Not exact", f"of {of}, these differ from the desktop's: {different}.", False)
    if parity.compared < v.sent:
        return Sentence("Exact as far as it was measured", f"{of} were answered, and equal the desktop's.", False)
    return Sentence(
        "Exact",
        f"the board computes what the desktop computes; all {parity.compared:,} answers equal TensorFlow Lite Micro's "
        "in every bit.",
        True,
    )


def _accuracy(v: Validation) -> Iterator[Sentence]:
    least = v.thresholds.min_accuracy
    if least is None:
        yield Sentence("Accuracy", "not asked (--min-accuracy asks).", None)
        return
    figures = [("as recorded", v.accuracy), ("transformed", v.accuracy_transformed)]
    yield _asked("Accuracy", least, figures if v.transformation is not None else figures[:1])


def _robust(v: Validation) -> Iterator[Sentence]:
    least = v.thresholds.min_consistency
    if least is None:
        yield Sentence("Robust", "not asked (--min-consistency asks).", None)
    else:
        yield _asked("Robust", least, [("consistency", v.consistency)])


def _asked(subject: str, least: float, figures: list[tuple[str, float | None]]) -> Sentence:
    met = all(value is not None and value >= least for _, value in figures)
    values = ", ".join(f"{name} {'not known' if value is None else share(value, 2)}" for name, value in figures)
    return Sentence(subject, f"at least {share(least, 2)} was asked for; {values}: {'met' if met else 'missed'}.", met)
