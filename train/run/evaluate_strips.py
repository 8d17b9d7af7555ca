"""A model of heartbeats on strips of ten seconds: the class of a strip is its worst beat's, its latent that beat's.

A strip that starts later holds the same beats, but for those that leave it and enter it: a board measures a beat in the
stream, wherever a strip starts. So similarity and retrieval tell how often another beat decides, and what that does.
"""

import numpy as np
import torch

from scl import metrics
from scl.decision import decide
from scl.robustness import robustness
from train.data.strips import Strips
from train.model.encoder import Classifier
from train.run.evaluate import Evaluation, found_again, predict
from train.transformations.base import CopiesFigures
from train.transformations.shift import Shift, StripFigures


def evaluate_strips(model: Classifier, strips: Strips, device: torch.device | str = "cpu") -> Evaluation:
    """Figures of strips as recorded, and of each shift. Latents are those of the deciding beats; a pair of strips of
    which one has no beat has no similarity.
    """
    z, logits = predict(model, torch.from_numpy(np.ascontiguousarray(strips.x)).to(device))
    classes, deciding = strips.answers(decide(logits)), strips.deciding(logits)
    overall = robustness(strips.labels, classes, strips.groups)
    assert overall.transformed is not None and overall.accuracy is not None and overall.macro_f1 is not None
    partition = model.partition
    similarity: dict[str, list[float]] = {name: [] for name in partition.slices}
    for later in deciding[1:]:
        both = (deciding[0] >= 0) & (later >= 0)
        for name, part in partition.slices.items():
            similarity[name].append(float(metrics.cosine(z[deciding[0][both], part], z[later[both], part]).mean()))
    copies = CopiesFigures.of(overall.transformed, similarity)
    figures = StripFigures(
        **vars(copies),
        kind=Shift.kind,
        samples=list(strips.later[1:]),
        all_pairs_consistency=overall.transformed.consistency_all_pairs,
        changed_labels=overall.transformed.changed_labels,
        same_beat=float((deciding[1:] == deciding[0]).mean()),
    )
    matrix = metrics.confusion(strips.labels[0], classes[0], logits.shape[1])
    whole = (deciding[[0, -1]] >= 0).all(axis=0)
    recorded, last = (z[deciding[row][whole], partition.invariant_slice] for row in (0, -1))
    return Evaluation(
        name=Shift.name,
        windows=len(strips.groups),
        subjects=len(np.unique(strips.groups)),
        accuracy=overall.accuracy,
        macro_f1=overall.macro_f1,
        transformed=figures,
        negative_similarity=metrics.negative_similarity(recorded),
        effective_rank=metrics.effective_rank(recorded),
        retrieval=found_again(recorded, last, strips.groups[whole], strips.later[-1]),
        confusion=matrix[:, :-1].tolist(),
        per_class=metrics.per_class(matrix),
    )
