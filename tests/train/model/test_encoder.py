import numpy as np
import pytest
import torch
from torch.nn import functional

from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from train.model.encoder import Classifier, round_to_int8, same_padding

PARTITION = Partition(4, 3, 5)


def classifier(pool: str = "average", seed: int = 0, padding: str = "same") -> Classifier:
    torch.manual_seed(seed)
    architecture = Architecture(widths=(8, 6), strides=(2, 1), kernel=5, pool=pool, padding=padding)
    model = Classifier(architecture, PARTITION, channels=3, samples=21, classes=4, std=torch.tensor([2.0, 2, 2]))
    for block in model.encoder.blocks:  # statistics other than those of a new layer
        block.norm.running_mean.normal_()
        block.norm.running_var.uniform_(0.5, 2)
    return model.eval()


@pytest.mark.parametrize("samples", [1, 7, 8, 20, 200])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 2), (5, 1), (5, 2), (4, 3), (2, 5)])
def test_same_padding_gives_tensorflow_s_length_and_puts_the_odd_zero_right(
    samples: int, kernel: int, stride: int
) -> None:
    left, right = same_padding(samples, kernel, stride)
    assert right - left in (0, 1)
    assert (samples + left + right - kernel) // stride + 1 == -(-samples // stride)
    assert left + right == 0 or (samples + left + right - 1 - kernel) // stride + 1 < -(-samples // stride)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("pool", ["average", "flatten"])
def test_forward_equals_a_slow_version(pool: str, padding: str) -> None:
    model = classifier(pool, padding=padding)
    x = torch.randn(2, 3, 21, generator=torch.Generator().manual_seed(1))
    y = (x / 2.0).double().numpy()
    for block, stride in zip(model.encoder.blocks, (2, 1), strict=True):
        w = block.conv.weight.detach().double().numpy()  # (out, in, kernel)
        left, right = same_padding(y.shape[2], 5, stride) if padding == "same" else (0, 0)
        padded = np.pad(y, ((0, 0), (0, 0), (left, right)))
        length = -(-y.shape[2] // stride) if padding == "same" else (y.shape[2] - 5) // stride + 1
        out = np.zeros((2, w.shape[0], length))
        for t in range(length):
            out[:, :, t] = np.einsum("bik,oik->bo", padded[:, :, t * stride : t * stride + 5], w)
        n = block.norm
        scale = (n.weight / torch.sqrt(n.running_var + n.eps)).detach().double().numpy()
        shift = n.bias.detach().double().numpy() - n.running_mean.double().numpy() * scale
        y = np.maximum(out * scale[:, None] + shift[:, None], 0)
    flat = y.mean(axis=2) if pool == "average" else y.transpose(0, 2, 1).reshape(2, -1)
    z = flat @ model.encoder.latent.weight.detach().double().numpy().T + model.encoder.latent.bias.detach().numpy()
    got, logits = model(x)
    assert np.allclose(got.detach().numpy(), z, atol=1e-5)
    kept = np.concatenate([z[:, :4], z[:, 7:]], axis=1)
    expected = kept @ model.head.weight.detach().double().numpy().T + model.head.bias.detach().numpy()
    assert np.allclose(logits.detach().numpy(), expected, atol=1e-5)


def test_variant_dimensions_change_no_logit() -> None:
    model = classifier()
    x = torch.randn(5, 3, 21, generator=torch.Generator().manual_seed(2))
    _, before = model(x)
    with torch.no_grad():
        model.encoder.latent.weight[PARTITION.variant_slice] = 1e6
        model.encoder.latent.bias[PARTITION.variant_slice] = float("inf")
    z, after = model(x)
    assert torch.equal(before, after) and not torch.isfinite(z[:, PARTITION.variant_slice]).any()


def test_latent_is_linear() -> None:
    model = classifier()
    z, _ = model(torch.randn(50, 3, 21, generator=torch.Generator().manual_seed(3)))
    assert (z < 0).any() and (z > 0).any()


def test_activations_are_the_forward_pass() -> None:
    model = classifier()
    x = torch.randn(4, 3, 21, generator=torch.Generator().manual_seed(4))
    tensors = model.activations(x)
    z, logits = model(x)
    assert list(tensors) == ["input", "block0", "block1", "pool", "latent", "logits"]
    assert torch.equal(tensors["latent"], z) and torch.equal(tensors["logits"], logits)
    assert torch.equal(tensors["pool"], tensors["block1"].mean(dim=2))
    assert (tensors["block0"] >= 0).all() and tensors["block0"].shape == (4, 8, 11)
    assert torch.allclose(tensors["input"], functional.avg_pool1d(x, 1) / 2)


def test_default_encoder_fits_a_wearable() -> None:
    model = Classifier(Architecture(), Partition(32, 32, 64), channels=6, samples=200, classes=18)
    assert sum(p.numel() for p in model.parameters()) <= 75_000


def test_bad_architectures() -> None:
    for kwargs, text in (
        ({"widths": (8,), "strides": (1, 2), "kernel": 5}, "1 widths but 2 strides and 1 kernels"),
        ({"widths": (8,), "strides": (1,), "kernel": (3, 3)}, "1 widths but 1 strides and 2 kernels"),
        ({"widths": (0,), "strides": (1,), "kernel": 5}, "1 or more"),
        ({"pool": "max"}, "average or flatten"),
    ):
        with pytest.raises(ValueError, match=text):
            Architecture(**kwargs)
    with pytest.raises(ValueError, match="leaves the head no dimensions"):
        Classifier(Architecture(), Partition(0, 8, 0), channels=3, samples=20, classes=2)


def test_input_is_clipped_as_the_device_does() -> None:
    model = Classifier(
        Architecture(), PARTITION, channels=3, samples=9, classes=2, std=torch.tensor([2.0, 1, 1]), limit=3
    )
    x = torch.tensor([[5.0], [-9.0], [0.5]]).expand(1, 3, 9)
    assert model.normalize(x)[0, :, 0].tolist() == [2.5, -3.0, 0.5]
    with pytest.raises(ValueError, match="input limit is 0"):
        Classifier(Architecture(), PARTITION, channels=3, samples=9, classes=2, limit=0)


def test_training_sees_int8_steps_and_passes_the_gradient_through() -> None:
    x = torch.linspace(-1, 1, 41, dtype=torch.float64).requires_grad_()
    y = round_to_int8(x, 2.55)
    assert torch.allclose(y, torch.round(x / 0.01) * 0.01)
    y.sum().backward()
    assert torch.equal(x.grad, torch.ones_like(x))
    assert torch.equal(round_to_int8(torch.zeros(3), 0.0), torch.zeros(3))
    model = classifier()
    window = torch.randn(2, 3, 21, generator=torch.Generator().manual_seed(5))
    exact = model(window)[0]
    model.train()
    for block in model.encoder.blocks:
        block.norm.eval()
    rounded = model(window)[0]
    assert 0 < (rounded - exact).abs().max() < 0.1 * exact.abs().max()


def test_valid_padding_needs_a_window_that_every_kernel_fits_into() -> None:
    fits = Architecture((4, 4, 4), (2, 2, 1), kernel=5, padding="valid")
    assert Classifier(fits, PARTITION, channels=3, samples=29, classes=2)(torch.zeros(2, 3, 29))[1].shape == (2, 2)
    with pytest.raises(ValueError, match="a kernel of 5 does not fit into the 4 samples that block 2 reads"):
        Classifier(fits, PARTITION, channels=3, samples=28, classes=2)
    with pytest.raises(ValueError, match="padding is 'full', expected same or valid"):
        Architecture(padding="full")
