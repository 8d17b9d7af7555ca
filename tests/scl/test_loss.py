"""The loss against a slow version in plain Python, closed forms and its documented bounds."""

import math

import numpy as np
import pytest
import torch

from scl.loss import StructuredContrastiveLoss
from scl.partition import Partition

PARTITION = Partition(3, 2, 4)


def slow_cosine(a: list[float], b: list[float], eps: float) -> float:
    norm_a, norm_b = (math.sqrt(sum(v * v for v in x)) for x in (a, b))
    dot = sum(p * q for p, q in zip(a, b, strict=True))
    return dot * norm_a * norm_b / ((norm_a**2 + eps**2) * (norm_b**2 + eps**2))


def slow_loss(z: np.ndarray, zt: np.ndarray, zn: np.ndarray, p: Partition, beta: float, eps: float) -> float:
    """The formula of arXiv 2511.14920, section 2, one window at a time."""
    losses = []
    for a, b, n in zip(z.tolist(), zt.tolist(), zn.tolist(), strict=True):
        inv = slice(0, p.invariant)
        var = slice(p.invariant, p.invariant + p.variant)
        d_var = 1 - slow_cosine(a[var], b[var], eps) if p.variant else 0.0
        if p.invariant == 0:
            losses.append(1 / (1 + beta * d_var))
            continue
        d_inv, d_neg = 1 - slow_cosine(a[inv], b[inv], eps), 1 - slow_cosine(a[inv], n[inv], eps)
        losses.append(d_inv / ((1 + beta * d_var) * d_neg + eps))
    return sum(losses) / len(losses)


def latents(seed: int, size: int = 9, batch: int = 6) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, size, generator=generator, dtype=torch.float64) for _ in range(3)]


@pytest.mark.parametrize("partition", [PARTITION, Partition(5, 0, 4), Partition(0, 5, 4), Partition(9, 0, 0)], ids=str)
@pytest.mark.parametrize("beta", [0.0, 0.5, 100.0])
def test_equals_the_slow_version(partition: Partition, beta: float) -> None:
    z, zt, zn = latents(1)
    got = StructuredContrastiveLoss(partition, beta, 0.01)(z, zt, zn).loss.item()
    assert got == pytest.approx(slow_loss(z.numpy(), zt.numpy(), zn.numpy(), partition, beta, 0.01), rel=1e-12)


def test_closed_form() -> None:
    # inv(x) at 60 degrees from inv(Tx) and opposite to the negative; var(x) at right angles to var(Tx).
    p, eps = Partition(2, 2, 0), 1e-4
    z = torch.tensor([[1.0, 0, 1, 0]])
    zt = torch.tensor([[0.5, math.sqrt(3) / 2, 0, 1]])
    zn = torch.tensor([[-1.0, 0, 5, 5]])
    terms = StructuredContrastiveLoss(p, beta=3.0, eps=eps)(z, zt, zn)
    assert terms.loss.item() == pytest.approx(0.5 / ((1 + 3.0) * 2 + eps), rel=1e-5)
    assert [t.item() for t in terms[1:]] == pytest.approx([0.5, 1.0, 2.0], rel=1e-5)


def test_pushing_variant_features_apart_lowers_the_loss() -> None:
    z, zt, zn = latents(2)
    var = PARTITION.variant_slice
    near, far = zt.clone(), zt.clone()
    near[:, var], far[:, var] = z[:, var], -z[:, var]
    loss = StructuredContrastiveLoss(PARTITION, 1.0)
    assert loss(z, far, zn).loss < loss(z, near, zn).loss
    without = StructuredContrastiveLoss(PARTITION, 0.0)
    assert without(z, far, zn).loss == without(z, near, zn).loss


def test_without_variant_dimensions_beta_has_no_effect() -> None:
    z, zt, zn = latents(3)
    p = Partition(5, 0, 4)
    assert StructuredContrastiveLoss(p, 0.0)(z, zt, zn).loss == StructuredContrastiveLoss(p, 50.0)(z, zt, zn).loss


def test_collapsed_latent_has_no_loss_and_no_variant_pull() -> None:
    z = torch.ones(4, 9, dtype=torch.float64, requires_grad=True)
    zt = torch.ones(4, 9, dtype=torch.float64)
    zt[:, 3:5] = torch.tensor([1.0, -1.0], dtype=torch.float64)
    loss = StructuredContrastiveLoss(PARTITION, 1.0, 1e-3)(z, zt, torch.ones_like(zt)).loss
    loss.backward()
    # D(inv) is of the order eps^2 / |z|^2, the denominator at least eps.
    assert abs(loss.item()) < 2e-3
    assert z.grad[:, PARTITION.variant_slice].abs().max() < 1e-3


def test_zero_vector_has_cosine_zero_and_gradient_zero() -> None:
    z, zt, zn = latents(4)
    z[0] = 0
    z.requires_grad_()
    terms = StructuredContrastiveLoss(PARTITION, 1.0, 0.05)(z, zt, zn)
    expected = slow_loss(z.detach().numpy(), zt.numpy(), zn.numpy(), PARTITION, 1.0, 0.05)
    assert terms.loss.item() == pytest.approx(expected)
    terms.loss.backward()
    assert torch.equal(z.grad[0], torch.zeros(9, dtype=torch.float64))
    assert z.grad[1].norm() > 0


def test_negative_equal_to_the_window_leaves_eps() -> None:
    z, zt, _ = latents(5)
    eps = 0.01
    loss = StructuredContrastiveLoss(PARTITION, 1.0, eps)(z, zt, z)
    assert math.isfinite(loss.loss) and loss.loss <= 2 / eps
    assert loss.loss.item() == pytest.approx(slow_loss(z.numpy(), zt.numpy(), z.numpy(), PARTITION, 1.0, eps))


@pytest.mark.parametrize("partition", [PARTITION, Partition(0, 5, 4)], ids=str)
def test_gradient_is_the_numerical_one(partition: Partition) -> None:
    loss = StructuredContrastiveLoss(partition, 0.7, 0.05)
    inputs = [x.requires_grad_() for x in latents(6, batch=3)]
    assert torch.autograd.gradcheck(lambda *a: loss(*a).loss, inputs)


@pytest.mark.parametrize("floor", [0.0, 0.5])
@pytest.mark.parametrize("eps", [0.3, 0.01])
@pytest.mark.parametrize("beta", [0.0, 1.0, 20.0])
def test_gradient_norm_stays_below_the_bound(eps: float, beta: float, floor: float) -> None:
    """Windows of every size, and negatives close to the window, where the denominator vanishes."""
    loss = StructuredContrastiveLoss(PARTITION, beta, eps, floor)
    generator = torch.Generator().manual_seed(0)
    worst = 0.0
    for _ in range(400):
        scale = 10 ** (torch.rand(3, generator=generator, dtype=torch.float64) * 4 - 3)
        base, other = torch.randn(2, 9, generator=generator, dtype=torch.float64)
        near = base + other * 10 ** (-4 * torch.rand(1, generator=generator, dtype=torch.float64))
        inputs = [base * scale[0], -base * scale[1], near * scale[2]]
        inputs = [x[None].clone().requires_grad_() for x in inputs]
        loss(*inputs).loss.backward()
        worst = max(worst, math.sqrt(sum(float(x.grad.norm()) ** 2 for x in inputs)))
    assert 0 < worst <= loss.gradient_bound


@pytest.mark.parametrize("floor", [0.0, 0.3])
def test_a_mean_over_negatives_equals_the_slow_version(floor: float) -> None:
    z, zt, zn = latents(8)
    weights = torch.rand(6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights /= weights.sum(dim=1, keepdim=True)
    loss = StructuredContrastiveLoss(PARTITION, 0.5, 0.01, floor)
    expected = 0.0
    for i in range(6):
        inv, var = slice(0, 3), slice(3, 5)
        a, b = z[i].tolist(), zt[i].tolist()
        d_negative = sum(float(weights[i, j]) * (1 - slow_cosine(a[inv], zn[j].tolist()[inv], 0.01)) for j in range(6))
        d_invariant, d_variant = (1 - slow_cosine(a[group], b[group], 0.01) for group in (inv, var))
        expected += (d_invariant + floor) / ((1 + 0.5 * d_variant) * d_negative + 0.01) / 6
    assert loss(z, zt, zn, weights).loss.item() == pytest.approx(expected, rel=1e-12)
    one_hot = torch.eye(6, dtype=torch.float64).roll(1, dims=1)
    assert loss(z, zt, zn, one_hot).loss.item() == pytest.approx(loss(z, zt, zn.roll(-1, dims=0)).loss.item())


def test_the_floor_keeps_negatives_and_variant_features_pushed() -> None:
    """With invariant features alike in both views the paper's loss has no gradient but for eps; with a floor it has."""

    def gradient(floor: float) -> torch.Tensor:
        z, zt, zn = latents(9)
        zt[:, :3] = z[:, :3]
        z.requires_grad_()
        StructuredContrastiveLoss(PARTITION, 1.0, 1e-4, floor)(z, zt, zn).loss.backward()
        return z.grad.norm()

    assert gradient(0.0) < 1e-6 < 1e-2 < gradient(0.5)
    z = torch.full((3, 9), 1e6, dtype=torch.float64)  # collapsed, and so large that eps is nothing beside it
    assert StructuredContrastiveLoss(PARTITION, 1.0, 0.5, 0.25)(z, z, z).loss.item() == pytest.approx(0.25 / 0.5)


def test_stopped_gradients_leave_the_loss_and_the_other_gradients() -> None:
    grads = {}
    for stop in ("none", "copy", "negative"):
        inputs = [x.requires_grad_() for x in latents(10)]
        loss = StructuredContrastiveLoss(PARTITION, 1.0, 0.05, stop=stop)(*inputs).loss
        found = torch.autograd.grad(loss, inputs, materialize_grads=True)
        grads[stop] = (loss.item(), [gradient[:, :3].norm().item() for gradient in found], found[1][:, 3:5].norm())
    whole, (window, copy, other), variant = grads["none"]
    assert min(window, copy, other) > 0
    assert grads["copy"][0] == grads["negative"][0] == whole
    assert grads["copy"][1] == pytest.approx([window, 0.0, other]) and grads["copy"][2] == variant > 0
    assert grads["negative"][1] == pytest.approx([window, copy, 0.0])


def test_is_computed_in_float32_under_autocast() -> None:
    z, zt, zn = (x.float() for x in latents(7))
    loss = StructuredContrastiveLoss(PARTITION, 1.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(z, zt, zn).loss
    assert inside.dtype == torch.float32 and inside == loss(z, zt, zn).loss
    half = loss(z.bfloat16(), zt.bfloat16(), zn.bfloat16())
    assert half.loss.dtype == torch.float32


def test_bad_arguments() -> None:
    for beta, eps in ((-1, 0.1), (math.nan, 0.1), (1, 0), (1, math.inf)):
        with pytest.raises(ValueError, match="expected"):
            StructuredContrastiveLoss(PARTITION, beta, eps)
    with pytest.raises(ValueError, match=r"floor is -0.1, expected 0 or more"):
        StructuredContrastiveLoss(PARTITION, floor=-0.1)
    with pytest.raises(ValueError, match=r"stop is 'window', expected one of none, copy, negative"):
        StructuredContrastiveLoss(PARTITION, stop="window")
    with pytest.raises(ValueError, match=r"a weight for each of 2 windows and 3 negatives, got \(2, 2\)"):
        StructuredContrastiveLoss(PARTITION)(*[torch.zeros(2, 9)] * 2, torch.zeros(3, 9), torch.zeros(2, 2))
    with pytest.raises(ValueError, match="nothing to contrast"):
        StructuredContrastiveLoss(Partition(0, 0, 4))
    loss = StructuredContrastiveLoss(PARTITION)
    with pytest.raises(ValueError, match="one shape"):
        loss(torch.zeros(2, 9), torch.zeros(3, 9), torch.zeros(2, 9))
    with pytest.raises(ValueError, match="add up to 9, but the latent has 8"):
        loss(*[torch.zeros(2, 8)] * 3)
