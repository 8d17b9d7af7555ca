"""What the int8 model makes of the windows that travel with a bundle."""

from scl.artifacts.golden import Golden
from scl.artifacts.manifest import Int8Figures
from scl.robustness import robustness


def int8_figures(golden: Golden) -> Int8Figures:
    """Of TFLite Micro's answers; None where labels are not known, or there are no copies."""
    mask_labels = None if golden.thresholds is None else len(golden.thresholds)
    figures = robustness(golden.labels, golden.predictions, golden.groups, mask_labels)
    copies = figures.transformed
    return Int8Figures(
        windows=len(golden.groups),
        copies=len(golden.labels) - 1,
        accuracy=figures.accuracy,
        accuracy_transformed=copies.accuracy if copies else None,
        macro_f1=figures.macro_f1,
        macro_f1_transformed=copies.macro_f1 if copies else None,
        consistency=copies.consistency if copies else None,
    )
