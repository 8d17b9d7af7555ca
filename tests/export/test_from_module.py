"""from export import deploy: modules to bundles; what it leaves out, what it refuses, how near int8 is to float."""

import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from export import deploy, module
from export.given_loss import largest_difference, require_small_loss
from export.given_options import Options
from export.imported import calibrated, expected
from export.network.float_run import run_float
from export.network.from_onnx import read
from export.network.integers import Affine
from export.network.without_variant import without_variant
from export.proof.gates import ExportError
from export.proof.runtimes import run_onnx, run_onnx_float
from export.representative import Representative
from export.writers.onnx import write_onnx
from scl.artifacts import InputError, read_npz
from scl.artifacts.bundle import read_bundle
from scl.artifacts.export_report import FloatModel
from scl.artifacts.golden import read_golden
from scl.artifacts.manifest import Int8Figures
from scl.partition import Partition
from tests.export.network.random_modules import RandomModule

PARTITION = Partition(4, 3, 2)
NEAR = 6  # steps of 255 of the outputs' range: roundings of five layers of a few hundred products


class Net(nn.Module):
    """(latent, logits); the head reads what `reads` says of the latent."""

    def __init__(self, reads=lambda z: torch.cat([z[:, :4], z[:, 7:]], dim=1), width: int = 6) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv1d(3, 8, 5, stride=2, padding=2), nn.BatchNorm1d(8), nn.ReLU6()),
            *(nn.Conv1d(8, 8, 3, padding="same", groups=8), nn.LeakyReLU(0.1), nn.Conv1d(8, 12, 1), nn.ReLU()),
            *(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(12, PARTITION.size)),
        )
        self.head, self.reads = nn.Linear(width, 3), reads

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z = self.body(x)
        return z, self.head(self.reads(z))


def windows(n: int = 60) -> np.ndarray:
    return np.cumsum(np.random.default_rng(0).normal(0, 0.5, (n, 3, 40)), axis=2).astype(np.float32)


@pytest.mark.usefixtures("board_tools")
def test_a_bundle_holds_the_kept_latent_the_windows_and_answers_near_the_floats(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, x = Net(), windows()
    report = deploy(
        *(net, torch.from_numpy(x), tmp_path / "net"),
        labels=np.arange(60) % 3,
        groups=np.arange(60) // 6,
        names=["a", "b", "c"],
        partition=PARTITION,
        transformation="rotation",
    )
    assert net.training and report.int8.windows == 60 and report.int8.copies == 4
    bundle = read_bundle(tmp_path / "net")
    assert bundle.manifest.labels == ("a", "b", "c") and bundle.manifest.partition == PARTITION
    golden = read_golden(bundle)
    assert golden.features.shape == (5, 60, PARTITION.kept_size)
    latent, logits = module.outputs(net, x)
    outputs = bundle.manifest.outputs
    # The largest float decides where no other logit is near; lower logits may saturate, as calibration says.
    step = outputs.logits.scale
    decided = np.diff(np.sort(logits, axis=1)[:, -2:]).ravel() > 2 * NEAR * step
    assert decided.mean() > 0.5
    assert np.array_equal(golden.logits[0].argmax(axis=1)[decided], logits.argmax(axis=1)[decided])
    steps = (golden.features[0].astype(int) - outputs.features.zero_point) - latent[
        :, PARTITION.kept
    ] / outputs.features.scale
    assert np.abs(steps).max() < NEAR
    # ONNX Runtime on the bundle's own QDQ file rounds its ties in ways of its own.
    inputs = golden.counts[0]
    scales = {"input": Affine(np.float32(bundle.manifest.input.scale), bundle.manifest.input.zero_point)}
    for name, tensor in (("features", outputs.features), ("logits", outputs.logits)):
        scales[name] = Affine(np.float32(tensor.scale), tensor.zero_point)
    # The float file is the module, less the variant rows; of it int8 gives the class and the noise that are reported.
    floats = run_onnx_float((tmp_path / "net" / "model_float.onnx").read_bytes(), x)
    np.testing.assert_allclose(floats["logits"], logits, atol=1e-5)
    np.testing.assert_allclose(floats["features"], latent[:, PARTITION.kept], atol=1e-5)
    beside, turns = report.float_model, read_npz(tmp_path / "net" / "golden.npz", "rotation")["rotation"]
    turned = [np.einsum("nij,njt->nit", turn, x).astype(np.float32) for turn in turns]
    exact = np.stack([module.outputs(net, one)[1] for one in turned])
    found = outputs.logits.scale * (golden.logits.astype(float) - outputs.logits.zero_point)
    assert beside.snr_db == pytest.approx(10 * np.log10((exact**2).sum() / ((exact - found) ** 2).sum()), abs=0.01)
    assert beside.same_class == pytest.approx((exact.argmax(2) == golden.logits.argmax(2)).mean(), abs=0.01)
    assert beside.figures.accuracy == pytest.approx((exact[0].argmax(1) == np.arange(60) % 3).mean(), abs=0.02)
    answers = run_onnx((tmp_path / "net" / "model.onnx").read_bytes(), inputs, scales)
    assert np.abs(answers["logits"].astype(int) - golden.logits[0]).max() < NEAR


@pytest.mark.usefixtures("board_tools")
@pytest.mark.parametrize("seed", [0, pytest.param(4, marks=pytest.mark.exact)])
def test_random_modules_become_bundles_whose_answers_are_near_the_floats(seed: int, tmp_path: Path) -> None:
    """The proof inside compares the C with TFLite Micro in every bit; this, int8 with float over all windows."""
    net = RandomModule(seed)
    x = net.windows(50)
    deploy(net, x, tmp_path / "net")
    bundle = read_bundle(tmp_path / "net")
    logits, golden = bundle.manifest.outputs.logits, read_golden(bundle)
    steps = (golden.logits[0].astype(int) - logits.zero_point) - module.outputs(net, x)[-1] / logits.scale
    assert np.median(np.abs(steps)) < NEAR


@pytest.mark.parametrize("function", [lambda z: z, torch.relu, lambda z: torch.tanh(F.gelu(z))])
def test_variant_rows_are_left_out_and_change_nothing(function) -> None:
    """Nor where a function of each value is between the latent and the head."""
    net, x = Net(lambda z: function(torch.cat([z[:, :4], z[:, 7:]], dim=1))).eval(), windows(8)
    network = read(module.captured(net, 3, 40), "module Net", channels_first=True).network
    shorter = without_variant(network, PARTITION, "module Net")
    whole, kept = (run_float(one, x.transpose(0, 2, 1)) for one in (network, shorter))
    np.testing.assert_allclose(kept["features"], whole["features"][..., PARTITION.kept], rtol=0, atol=1e-6)
    np.testing.assert_allclose(kept["logits"], whole["logits"], rtol=0, atol=1e-6)
    assert network.parameters - shorter.parameters == PARTITION.variant * (12 + 1 + 3)


@pytest.mark.parametrize(
    ("net", "partition", "message"),
    [
        (Net(lambda z: z, PARTITION.size), PARTITION, "logits reads the variant dimensions 4 to 6 of the latent"),
        (Net(lambda z: torch.softmax(z, 1)[:, :4], 4), PARTITION, "reads the variant dimensions 4 to 6"),
        (Net(torch.relu, PARTITION.size), PARTITION, "reads the variant dimensions 4 to 6"),
        (Net(), Partition(4, 4, 4), "the latent is 1 x 9 of a Conv, expected 12 values of a Linear"),
        (nn.Sequential(nn.Conv1d(3, 4, 40), nn.Flatten()), PARTITION, r"returns logits alone, expected \(latent, lo"),
    ],
)
def test_a_partition_that_does_not_fit_is_refused(net, partition, message, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        deploy(net, windows(4), tmp_path / "net", partition=partition)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("x", "more", "message"),
    [
        (windows(4)[:, :2], {}, r"ends on a window of 2 x 40 \(.* to have 3 channels.*; it has to take windows"),
        (
            windows(4).transpose(0, 2, 1),
            {},
            r"ends on a window of 40 x 3 .*; it takes them transposed: .* transpose",
        ),
        (windows(4) * np.nan, {}, "window 0 holds NaN or an infinite value"),
        (windows(4)[0], {}, r"windows is float32 \(3, 40\), expected float32 \(windows, channels, samples\)"),
        (np.zeros((4, 3, 40), np.float32), {}, "the windows are all zero, expected recorded ones"),
        (windows(4).astype(int), {}, "windows is int64 .*, expected float32 .*; give deploy windows float"),
        ([windows(1)[0], windows(1)[0, :, :9]], {}, "windows is a list that is no array .*; give deploy windows float"),
        (windows(4), {"transformation": "rotate"}, "transformation is 'rotate'; choose from rotation, mirror, shift"),
        (windows(4), {"samples": 0}, "samples is 0; give 1 to 40"),
        (windows(4), {"samples": 41}, "samples is 41; give 1 to 40"),
        (windows(4), {"labels": np.arange(4)}, "labels holds 3, the model has 3 outputs"),
        (windows(4), {"names": ["a", "b"]}, "has 3 outputs, 2 names were given"),
        (windows(4), {"transformation": "shift"}, "windows have 40 samples, the model takes 40"),
    ],
)
@pytest.mark.usefixtures("board_tools")
def test_windows_that_do_not_fit_are_refused(x, more, message, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        deploy(Net(), x, tmp_path / "net", **more)
    assert not list(tmp_path.iterdir())


class Around(nn.Module):
    """A network, and what is done with its windows and answers."""

    def __init__(self, function, net: nn.Module | None = None) -> None:
        super().__init__()
        self.net, self.function = net or Net(), function

    def forward(self, x: torch.Tensor):
        return self.function(self.net, x)


def kept_activation(net: nn.Module) -> nn.Module:
    """After a step of training with something kept, a weight norm among it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.body[0] = nn.utils.weight_norm(net.body[0])
    net.last = net(torch.from_numpy(windows(4)))[1]
    net.last.sum().backward()
    return net


@pytest.mark.parametrize("change", [nn.Module.double, nn.Module.half, nn.Module.bfloat16, kept_activation])
def test_modules_of_other_floats_and_after_training_are_taken_and_stay_as_they_are(change) -> None:
    net, x = change(Net()), windows(4)
    kind = next(net.parameters()).dtype
    imported = read(module.captured(net, 3, 40), "module", channels_first=True)
    answers = expected(imported, module.outputs(net, x))
    assert largest_difference(write_onnx(imported.network), x, answers, "module Net") < 1e-5
    assert net.training and next(net.parameters()).dtype == kind


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (Around(lambda net, x: {"logits": net(x)[1]}), r"returns dict, expected tensors; make it return logits"),
        (Around(lambda net, x: F.dropout(net(x)[1])), "returns other values for the same windows .*its training=self"),
        (Around(lambda net, x: net(x)[1] / 0), "returns NaN or infinite values; check its weights"),
        (nn.Bilinear(40, 40, 3), "forward.* missing 1 required positional argument.*; it has to take windows"),
        (nn.Sequential(nn.LazyConv1d(4, 5)), "has parameters without a shape"),
        (torch.jit.script(nn.Conv1d(3, 4, 5)), "is compiled by torch.jit; give the nn.Module that it was made from"),
        (nn.Conv1d(3, 4, 5).state_dict(), "OrderedDict: is no nn.Module, expected one"),
    ],
)
def test_modules_that_are_not_what_deploy_takes_are_refused(net, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        deploy(net, windows(4), tmp_path / "net")


def test_a_part_that_torch_has_no_onnx_for_is_named_without_a_graph(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"torch.onnx has no form for a part of it .*No ONNX function .*rrelu"):
        module.captured(nn.Sequential(nn.Conv1d(3, 4, 5), nn.RReLU()), 3, 40)
    with pytest.raises(InputError, match="cannot capture it .*without branches on values"):
        module.captured(Around(lambda net, x: net(x) if x.sum() > 0 else net(-x)), 3, 40)
    assert capfd.readouterr() == ("", "")


def test_logits_before_the_latent_are_refused_where_labels_tell() -> None:
    network = read(module.captured(Around(lambda net, x: net(x)[::-1]), 3, 40), "module", channels_first=True).network
    given = Representative(windows(6), np.arange(6) % 3)
    with pytest.raises(InputError, match="returns 3 and 9 values, and labels are of 3 classes; put the latent first"):
        calibrated(network, Options(representative=given), "module")
    named = replace(given, names=tuple("abcdefghi"))
    assert calibrated(network, Options(representative=named), "module").network.outputs == ("features", "logits")


def test_a_network_that_is_not_the_module_s_fails() -> None:
    net, x = Net().eval(), windows(4)
    imported = read(module.captured(net, 3, 40), "module Net", channels_first=True)
    answers, onnx = expected(imported, module.outputs(net, x)), write_onnx(imported.network)
    assert largest_difference(onnx, x, answers, "module Net") < 1e-5
    answers["logits"][2, 1] += 0.01
    with pytest.raises(ExportError, match="module Net: model_float.onnx in ONNX .* differs from it in logits by 0.0"):
        largest_difference(onnx, x, answers, "module Net")


@pytest.mark.parametrize(("accuracy", "allowed"), [(0.895, True), (0.894, False), (0.95, True)])
def test_int8_may_lose_so_many_points(accuracy: float, allowed: bool) -> None:
    known = {"windows": 1000, "copies": 0, "accuracy_transformed": None, "macro_f1_transformed": None}
    floats, int8 = (Int8Figures(accuracy=share, macro_f1=share, consistency=None, **known) for share in (0.9, accuracy))
    found = FloatModel(apart=1e-6, figures=floats, same_class=0.99, snr_db=30.0)
    require_small_loss(found, int8, None)
    if allowed:
        require_small_loss(found, int8, 0.5000001)
        return
    with pytest.raises(ExportError, match=r"^int8 loses 0.60 points of accuracy on 1000 windows and 0 copies of "):
        require_small_loss(found, int8, 0.5)


def test_a_limit_of_what_cannot_be_lost_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the windows of module Net have no labels and no copies"):
        deploy(Net(), windows(4), tmp_path / "net", max_loss=1.0)


def test_importing_export_is_light() -> None:
    code = "import sys, export; print([one for one in ('torch', 'onnx', 'numpy') if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
