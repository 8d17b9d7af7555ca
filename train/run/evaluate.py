"""A model's figures on a set of windows, as recorded and transformed."""

from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from scl import metrics
from scl.decision import decide
from scl.group_figures import GroupFigures, group_figures
from scl.robustness import Robustness, robustness
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.transformations.base import Figures, Transformation

GALLERY = 4000  # windows that retrieval searches, at most: its cost grows with their square


def predict(model: Classifier, x: torch.Tensor, batch_size: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Latents (n, d) and logits (n, classes) of windows x (n, channels, samples), without gradients."""
    model.eval()
    latents, logits = [], []
    with torch.inference_mode():
        for start in range(0, len(x), batch_size):
            z, y = model(x[start : start + batch_size])
            latents.append(z.float().cpu().numpy())
            logits.append(y.float().cpu().numpy())
    return np.concatenate(latents), np.concatenate(logits)


@dataclass(frozen=True)
class Retrieval:
    """How well the last copies, moved by `samples` of the source, find their originals among `gallery` windows."""

    samples: int
    gallery: int
    recall_at_1: float
    recall_at_5: float
    mean_reciprocal_rank: float
    same_group_at_1: float


@dataclass(frozen=True)
class Evaluation:
    """Figures of windows as recorded, and of their transformed copies. Intervals are clustered by subject or record;
    with a single one they are None.

    Attributes:
        subjects: how many, or records.
        transformed: under the transformation `name`.
        macro_auc: of labels that may hold together; else confusion (true class, predicted class) and per_class.
        label_groups: with the classes of a group as one; None without groups.
        negative_similarity, effective_rank: of the invariant features of different windows: both show collapse.
    """

    name: str
    windows: int
    subjects: int
    accuracy: float
    macro_f1: float
    transformed: Figures
    negative_similarity: float
    effective_rank: float
    macro_auc: float | None = None
    confusion: list[list[int]] | None = None
    per_class: list[dict[str, float | int | None]] | None = None
    retrieval: Retrieval | None = None
    label_groups: GroupFigures | None = None

    def as_dict(self) -> dict[str, object]:
        """As metrics.json has it: the copies' figures under the transformation's name, what is not there left out."""
        fields = asdict(self)
        name, transformed = fields.pop("name"), fields.pop("transformed")
        kept = {key: value for key, value in fields.items() if value is not None or key == "macro_f1"}
        if self.confusion is None:
            kept["macro_auc"] = self.macro_auc
        return kept | {name: transformed}


def evaluate(
    model: Classifier,
    windows: WindowSet,
    transformation: Transformation,
    draws: int,
    seed: int,
    device: torch.device | str = "cpu",
    numbers: np.ndarray | None = None,
) -> Evaluation:
    """Figures as recorded, and of `draws` transformed copies of every window.

    Args:
        numbers: (classes,) the group's number of each class, for figures of groups too.
    """
    recorded = _predicted(model, windows, transformation, device)
    copies = _copies(model, windows, transformation, draws, seed, recorded, device)
    invariant = recorded.z[:, model.partition.invariant_slice]
    accuracy, macro_f1 = copies.overall.accuracy, copies.overall.macro_f1
    assert accuracy is not None and macro_f1 is not None  # a run's windows have labels
    figures = Evaluation(
        name=transformation.name,
        windows=len(windows),
        subjects=len(np.unique(windows.groups)),
        accuracy=accuracy,
        macro_f1=macro_f1,
        transformed=copies.figures,
        negative_similarity=metrics.negative_similarity(invariant),
        effective_rank=metrics.effective_rank(invariant),
        retrieval=_retrieval(model, windows, transformation.farthest(draws), recorded.z, copies.last),
        label_groups=None if numbers is None else group_figures(copies.labels, copies.classes, windows.groups, numbers),
    )
    if windows.multilabel:
        return replace(figures, macro_auc=macro_auc(windows.labels, recorded.logits))
    matrix = metrics.confusion(windows.labels, decide(recorded.logits), recorded.logits.shape[1])
    return replace(figures, confusion=matrix[:, :-1].tolist(), per_class=metrics.per_class(matrix))


def evaluate_others(
    model: Classifier,
    windows: WindowSet,
    transformation: Transformation,
    draws: int,
    device: torch.device | str = "cpu",
) -> dict[str, Figures]:
    """The copies' figures under other kinds of the transformation, by their name in metrics.json."""
    return {
        name: _copies(model, windows, other, draws, 0, _predicted(model, windows, other, device), device).figures
        for name, other in transformation.others().items()
    }


def where_others_go(
    model: Classifier,
    windows: WindowSet,
    labels: tuple[str, ...],
    transformation: Transformation,
    device: torch.device | str = "cpu",
) -> dict[str, list[int]]:
    """How often windows of `labels`, which the model has no class for, are given each of its classes."""
    x, y = torch.from_numpy(windows.x).to(device), torch.from_numpy(windows.targets).to(device)
    _, logits = predict(model, transformation.identity(x, y)[0])
    classes = decide(logits)
    counts = {label: classes[windows.labels == i] for i, label in enumerate(labels)}
    return {label: np.bincount(found, minlength=logits.shape[1]).tolist() for label, found in counts.items()}


@dataclass(frozen=True, eq=False)
class _Predicted:
    """Latents (n, d) and logits (n, classes) of the windows as recorded."""

    z: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True, eq=False)
class _Copies:
    """What the copies gave: their figures, all that `robustness` says, true and predicted classes (1 + copies, n) with
    the windows as recorded first, and the last copy's latents (n, d).
    """

    figures: Figures
    labels: np.ndarray
    classes: np.ndarray
    overall: Robustness
    last: np.ndarray


def _predicted(
    model: Classifier, windows: WindowSet, transformation: Transformation, device: torch.device | str
) -> _Predicted:
    x, y = torch.from_numpy(windows.x).to(device), torch.from_numpy(windows.targets).to(device)
    return _Predicted(*predict(model, transformation.identity(x, y)[0]))


def _copies(
    model: Classifier,
    windows: WindowSet,
    transformation: Transformation,
    draws: int,
    seed: int,
    recorded: _Predicted,
    device: torch.device | str,
) -> _Copies:
    x, y = torch.from_numpy(windows.x).to(device), torch.from_numpy(windows.targets).to(device)
    outputs = recorded.logits.shape[1]
    thresholds = np.zeros(outputs) if windows.multilabel else None  # a probability of a half
    labels, classes = [windows.labels], [decide(recorded.logits, thresholds)]
    similarity: dict[str, list[float]] = {name: [] for name in model.partition.slices}
    for copy, labels_t in transformation.copies(x, y, draws, seed):
        z_t, logits_t = predict(model, copy)
        labels.append(labels_t.cpu().numpy())
        classes.append(decide(logits_t, thresholds))
        for name, part in model.partition.slices.items():
            similarity[name].append(float(metrics.cosine(recorded.z[:, part], z_t[:, part]).mean()))
    mask_labels = outputs if windows.multilabel else None
    truth, found = np.stack(labels), np.stack(classes)
    overall = robustness(truth, found, windows.groups, mask_labels)
    assert overall.transformed is not None  # a transformation draws one copy at least
    return _Copies(transformation.figures(overall.transformed, similarity), truth, found, overall, z_t)


def _retrieval(
    model: Classifier, windows: WindowSet, samples: int | None, z: np.ndarray, last: np.ndarray
) -> Retrieval | None:
    if samples is None:
        return None
    columns = model.partition.invariant_slice
    return found_again(z[:, columns], last[:, columns], windows.groups, samples)


def found_again(originals: np.ndarray, last: np.ndarray, groups: np.ndarray, samples: int) -> Retrieval:
    """How well invariant latents (n, d) of the last copies, moved by `samples`, find those of their originals (n, d)
    of records groups (n,).
    """
    rows = np.linspace(0, len(originals) - 1, min(len(originals), GALLERY)).astype(int)
    return Retrieval(samples, len(rows), **metrics.retrieval(last[rows], originals[rows], groups[rows]))


def macro_auc(labels: np.ndarray, logits: np.ndarray) -> float | None:
    """Mean area under the ROC curve over the labels that occur and are sometimes absent; labels (n,) are bit masks.

    None if there is no such label.
    """
    from sklearn.metrics import roc_auc_score

    truth = (labels[:, None] >> np.arange(logits.shape[1])) & 1
    known = [i for i in range(truth.shape[1]) if 0 < truth[:, i].sum() < len(truth)]
    return float(np.mean([roc_auc_score(truth[:, i], logits[:, i]) for i in known])) if known else None
