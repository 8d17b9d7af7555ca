"""What to know of a run before its figures are trusted."""

from collections.abc import Mapping

import numpy as np

from scl.partition import Partition
from train.run.evaluate import Evaluation


def health_warnings(
    figures: Evaluation, labels: np.ndarray, last: Mapping[str, float | None], partition: Partition, classes: int
) -> list[str]:
    """What to know before trusting the model: collapse, idle variant features, an accuracy of guessing.

    Args:
        figures: of windows with these labels (n,).
        last: what the last epoch logged.
        classes: of the model. Its head needs one direction fewer, over which a latent that only it shapes comes to
            spread (Papyan, Han and Donoho 2020, Prevalence of neural collapse), so that a lower rank is none of these.
    """
    warnings = []
    least = min(4, partition.invariant / 2, classes - 1)
    if figures.effective_rank < least:
        warnings.append(
            f"effective rank of the invariant features is {figures.effective_rank:.1f}, {least:g} at least was "
            f"expected of {partition.invariant} dimensions and {classes} classes: they are collapsing; give "
            "--method vicreg, which keeps them apart, or with scl a smaller --lambda"
        )
    d_variant = last.get("d_variant")
    if partition.variant and d_variant is not None and d_variant < 0.05:
        warnings.append(f"variant features hardly vary (D = {d_variant:.3f}): raise --lambda or --beta")
    majority = np.bincount(labels).max() / len(labels)
    accuracy = figures.transformed.headline.accuracy
    if accuracy <= majority:
        warnings.append(f"transformed accuracy {accuracy:.3f} is no better than a constant class's {majority:.3f}")
    return warnings
