"""Automatic allocation: after every epoch dimensions of the latent move between the three groups, by what they are.

Of every dimension two things are followed over the steps: its invariance, 1 - the variance between a window's two views
over its variance altogether; and its use, the length of its column in the head times its standard deviation, as a share
of all columns'. A dimension that the head reads becomes

    invariant  if its invariance is at least INVARIANT,
    variant    if it is less and its use is less than IDLE of an even share,
    free       otherwise,

and a variant dimension with an invariance of at least INVARIANT, which soaks nothing up, becomes free. Two thirds
through the training the groups are settled.
"""

from typing import Any

import torch
from torch import Tensor, nn

from scl.loss import StructuredContrastiveLoss
from scl.partition import Partition
from train.augment.cutmix import Splice
from train.experimental.schedules import scheduled
from train.methods.base import Batch
from train.methods.contrast import Contrast
from train.methods.scl import Structured, logged
from train.model.encoder import Classifier
from train.run.config import TrainConfig

INVARIANT, IDLE, SETTLED = 0.9, 0.25, 2 / 3
MEMORY = 0.98  # of the followed variances, a step
INV, VAR, FREE = 0, 1, 2


class Allocating(Classifier):
    """A classifier whose dimensions lie in any order: `group` (d,) says in which group each is.

    The head has a column for every dimension; what it reads of variant ones is zero.
    """

    group: Tensor

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.options = (args, options)
        p = self.partition
        self.head = nn.Linear(p.size, self.head.out_features)
        sizes = torch.tensor([p.invariant, p.variant, p.free])
        self.register_buffer("group", torch.repeat_interleave(torch.tensor([INV, VAR, FREE]), sizes))

    def forward(self, x: Tensor, splice: Splice | None = None) -> tuple[Tensor, Tensor]:
        z = self.latents(x, splice)
        return z, self.head(z * (self.group != VAR))

    def settled(self) -> Classifier:
        """The same network as an ordinary classifier: dimensions in the order of their groups."""
        order = torch.argsort(self.group, stable=True)
        sizes = torch.bincount(self.group, minlength=3).tolist()
        (architecture, _, *rest), options = self.options
        partition = Partition(*sizes)
        model = Classifier(architecture, partition, *rest, **options).to(self.group.device)
        state = {k: v for k, v in self.state_dict().items() if k != "group"}
        for name in ("encoder.latent.weight", "encoder.latent.bias"):
            state[name] = state[name][order]
        kept = order[torch.from_numpy(partition.kept).to(order.device)]
        state["head.weight"] = state["head.weight"][:, kept]
        model.load_state_dict(state)
        return model.train(self.training)


class AllocatedStructured(Structured):
    """The structured loss with the groups that the model's dimensions are in now."""

    within: Tensor
    total: Tensor

    def __init__(self, config: TrainConfig, model: Allocating) -> None:
        super().__init__(config, model.partition)
        self._model = [model]  # in a list: its parameters are not this module's
        d = model.partition.size
        self.loss = StructuredContrastiveLoss(Partition(d, d, 0), config.method.beta, config.method.eps)
        self.register_buffer("within", torch.zeros(d))
        self.register_buffer("total", torch.zeros(d))

    def forward(self, z: Tensor, z_t: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """As `Structured`; a dimension that is not of a group counts as zero there, which changes no cosine."""
        self.loss.beta = self.beta(batch.done)
        self._follow(z.detach().float(), z_t.detach().float())
        group = self._model[0].group

        def arranged(latents: Tensor) -> Tensor:
            return torch.cat([latents * (group == INV), latents * (group == VAR)], dim=1)

        terms = self.loss(*(arranged(v) for v in (z, z_t, *self.negatives(z, batch))))
        sizes = torch.bincount(group, minlength=3).float()
        return terms.loss, logged(terms) | {"invariant_size": sizes[INV], "variant_size": sizes[VAR]}

    def _follow(self, z: Tensor, z_t: Tensor) -> None:
        self.within.lerp_(((z - z_t) ** 2).mean(dim=0) / 2, 1 - MEMORY)
        self.total.lerp_(torch.cat([z, z_t]).var(dim=0, correction=0), 1 - MEMORY)

    def move(self) -> None:
        """Gives every dimension the group that it belongs to by now."""
        model = self._model[0]
        with torch.no_grad():
            group = allocate(model.group, self.within, self.total, model.head.weight)
            model.head.weight[:, (model.group == VAR) & (group != VAR)] = 0  # it was not read: it starts anew
            model.group.copy_(group)


class AllocatedContrast(Contrast):
    """The weighted structured loss of an allocating model, whose dimensions move after every epoch."""

    between: AllocatedStructured

    def __init__(self, config: TrainConfig, model: Allocating) -> None:
        weight = scheduled(config.method.lambda_, config.experimental.lambda_schedule)
        super().__init__(AllocatedStructured(config, model), weight)

    def after_epoch(self, done: float) -> None:
        """Moves dimensions, unless the groups are settled."""
        if done <= SETTLED:
            self.between.move()


def allocate(group: Tensor, within: Tensor, total: Tensor, head: Tensor) -> Tensor:
    """Groups (d,) by the criterion above, from those before, the two variances (d,) and the head's weight (classes, d).

    At least one dimension stays with the head: where none would, nothing moves.
    """
    invariance = 1 - within / total.clamp_min(1e-12)
    use = torch.linalg.vector_norm(head, dim=0) * total.sqrt() * (group != VAR)
    idle = use < IDLE * use.sum() / (group != VAR).sum()
    read = torch.where(invariance >= INVARIANT, INV, torch.where(idle, VAR, FREE))
    found = torch.where(group == VAR, torch.where(invariance >= INVARIANT, FREE, VAR), read).to(group.dtype)
    return group if bool((found == VAR).all()) else found
