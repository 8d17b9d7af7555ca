"""A small bundle whose firmware can be built: an untrained network of a watch, with TFLite Micro's golden answers.

Its front end is written here once more, in numpy. A window (4.8 kB) is larger than a board's receive ring on purpose.
"""

import zlib
from pathlib import Path

import numpy as np

from export.network.arena import lifetimes
from export.network.layers import AveragePool, Conv, Network, Tensor
from export.network.placing import plan
from export.network.quantization import Int8Network, quantize
from export.proof.runtimes import run_tflite_micro
from export.writers.c_source import CModel, write_c
from export.writers.tflite import write_tflite
from scl.artifacts import write_npz
from scl.artifacts.bundle import model_hash, write_manifest
from scl.frontend.sensor import Part, Sensor
from scl.frontend.spec import FrontEndSpec
from scl.partition import Partition
from tests.manifests import manifest
from tests.scl.frontend.designs import front_end_spec

WINDOW, CHANNELS, WINDOWS = 400, ("ax", "ay", "az", "gx", "gy", "gz"), 9
LABELS = ("still", "slow", "fast")


def network(rng: np.random.Generator) -> Int8Network:
    """Two convolutions, a pool, features (4 invariant + 5 free) and logits, with ranges that fit the counts below."""

    def conv(name: str, source: Tensor, channels: int, kernel: int = 1, **options: object) -> Conv:
        weights = rng.normal(0, 1.5 / np.sqrt(kernel * source.channels), (channels, kernel, source.channels))
        return Conv(
            name, source, weights.astype(np.float32), rng.normal(0, 0.1, channels).astype(np.float32), **options
        )

    first = conv("conv0", Tensor("input", WINDOW, 6), 8, 5, stride=4, same=True, relu=True)
    second = conv("conv1", first.result, 16, 5, stride=4, same=True, relu=True)
    pool = AveragePool("pool", second.result, second.result.length, second.result.length)
    features = conv("features", pool.result, 9)
    logits = conv("logits", features.result, 3)
    ranges = {"input": (-4, 4), "conv0": (0, 6), "conv1": (0, 6), "features": (-3, 3), "logits": (-3, 3)}
    return quantize(Network((first, second, pool, features, logits)), ranges)


def quantized(counts: np.ndarray, spec: FrontEndSpec) -> np.ndarray:
    """Steps 1, 2, 4 and 5 of firmware/src/frontend/frontend.h in single precision, without resampling."""
    f32, columns = np.float32, []
    for number, part in enumerate(spec.sensor.parts):
        v = counts[..., 3 * number : 3 * number + 3].astype(f32) * f32(part.unit_per_count)
        d, a = v - f32(part.bias), f32(part.alignment)
        columns += [(a[i, 0] * d[..., 0] + a[i, 1] * d[..., 1]) + a[i, 2] * d[..., 2] for i in range(3)]
    n = (np.stack(columns, -1) - f32(spec.mean)) * (f32(1) / f32(spec.std))
    scaled = np.rint(np.clip(n * f32(spec.inv_input_scale), f32(-512), f32(512)))
    return np.clip(scaled + spec.input_zero_point, -128, 127).astype(np.int8)


def write_board_bundle(folder: Path, seed: int = 5) -> Path:
    """A bundle as export.quantize writes them; `seed` of weights and windows."""
    (folder / "c").mkdir(parents=True)
    rng = np.random.default_rng(seed)
    int8 = network(rng)
    parts = tuple(
        Part(
            *(kind, 3, per_count, (0.25, -0.125, 0.5)),
            tuple(map(tuple, (np.eye(3) + rng.normal(0, 0.02, (3, 3))).astype(np.float32).tolist())),
            *(unit, ""),
        )
        for kind, per_count, unit in (
            ("accelerometer", 9.80665 / 8192, "m/s^2"),
            ("gyroscope", 0.001065, "rad/s"),
        )
    )
    affine, mean, std = int8.activations["input"], [0.1, 0, 0, 0, 0, 0.2], [9.0, 9.0, 9.0, 6.0, 6.0, 6.0]
    spec = front_end_spec(Sensor("bench", 20.0, parts), WINDOW, 20.0, affine.scale, affine.zero_point, mean, std)
    labels = np.arange(WINDOWS) % 3
    counts = rng.normal(0, 2000 + 3000 * labels[:, None, None], (2, WINDOWS, WINDOW, 6)).clip(-32768, 32767)
    counts = counts.round().astype(np.int16)
    counts[0, 4, 100, 2] = 32767
    inputs = quantized(counts, spec)
    tflite = write_tflite(int8)
    outputs = run_tflite_micro(tflite, inputs.reshape(-1, WINDOW, 6))
    features, logits = (outputs[name].reshape(2, WINDOWS, -1) for name in ("features", "logits"))
    assert len(np.unique(logits, axis=1)[0]) == WINDOWS  # the answers differ from window to window
    crc = np.array([[zlib.crc32(x.tobytes()) for x in row] for row in inputs], np.uint32)
    flags = ((counts == 32767) | (counts == -32768)).any(axis=(2, 3)).astype(np.uint8)
    write_npz(
        folder / "golden.npz",
        counts=counts,
        features=features,
        logits=logits,
        input_crc32=crc,
        flags=flags,
        rotation=np.tile(np.eye(3), (2, WINDOWS, 1, 1)),
    )
    write_npz(folder / "evaluation.npz", labels=np.tile(labels, (2, 1)), groups=np.arange(WINDOWS) // 3)
    identity = model_hash(tflite, spec, LABELS)
    c_model = CModel(int8, plan(lifetimes(int8.network)), LABELS, identity, spec, np.zeros((1, 0), np.float32))
    write_c(c_model, folder / "c")
    kept = int8.activations["features"]
    described = manifest(
        folder, spec, LABELS, Partition(4, 4, 5), (float(kept.scale), kept.zero_point), ("as recorded", "rotation 1"),
        name="small", model_hash=identity, data="random",
    )  # fmt: skip
    write_manifest(folder, described)
    return folder
