"""A small dense network of heartbeats behind the front end of an ECG, a recording, and what a board has to say of it by
the detector, the features, the rhythm and the front end in numpy, and by TensorFlow Lite Micro.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.network import arena
from export.network.integers import Int8Network
from export.network.layers import FEATURES, LOGITS, Conv, Network, Tensor
from export.network.quantization import quantize
from export.proof.runtimes import run_tflite_micro
from export.writers.c_source import CModel, write_c
from export.writers.tflite import write_tflite
from firmware_host.beats import BeatRecord
from firmware_host.messages import ABSTAIN
from scl.artifacts.manifest import Manifest
from scl.frontend.beats import RATE_HZ, BeatInput, Beats, BeatSpec, find
from scl.frontend.chain import FrontEnd
from scl.frontend.counts import to_counts
from scl.frontend.flags import LEAD_OFF, flags_at, lead_off_at
from scl.frontend.quantization import quantized
from scl.frontend.rhythm import rhythms
from scl.frontend.sensor import load_sensor
from scl.frontend.spec import FrontEndSpec
from scl.partition import Partition
from tests.manifests import manifest
from tests.scl.frontend.designs import front_end_spec
from tests.scl.frontend.hearts import NORMAL, WIDE, ecg
from train.data import mitdb
from train.data.wfdb_files import Source, read_lead

LABELS = ("N", "S", "V")
KEPT = Partition(3, 2, 2)  # five features
SENSOR = load_sensor("mitdb")
MODEL_HASH = "be" * 32


def recording(minutes: float, seed: int = 7) -> np.ndarray:
    """counts (samples, 1) int16 of a made-up heart at 360 Hz: irregular, with ventricular beats in ones, twos and runs,
    a pause, a lead that is off for three seconds, a rail that is reached, and noise.
    """
    rng = np.random.default_rng(seed)
    at, beats = 0.7, []
    while at < 60 * minutes - 0.5:
        ventricular = rng.random() < (0.6 if beats and beats[-1][2] is WIDE else 0.12)
        beats.append((at, rng.uniform(0.8, 1.2), WIDE if ventricular else NORMAL))
        at += 2.6 if rng.random() < 0.01 else rng.normal(0.5 if ventricular else 0.8, 0.03)
    slow = ecg(60 * minutes, beats, noise=15, seed=seed) / 1000
    t = np.arange(round(60 * minutes * SENSOR.rate_hz)) / SENSOR.rate_hz
    millivolts = np.interp(t, np.arange(len(slow)) / RATE_HZ, slow) + 0.2 * np.sin(2 * np.pi * 0.2 * t)
    counts = to_counts(millivolts[None, None], SENSOR)[0][0].copy()
    counts[round(0.4 * len(t)) : round(0.4 * len(t)) + round(3 * SENSOR.rate_hz)] = 1000
    counts[round(0.7 * len(t))] = SENSOR.parts[0].count_range[1]
    return counts


def of_record(folder: Path, number: int, seconds: float) -> np.ndarray:
    """counts (samples, 1) int16 of a record of MIT-BIH; `folder` holds the data sets."""
    source = Source(folder / "mitdb" / f"{mitdb.ARCHIVE}.zip", "RECORDS", "give the recordings")
    lead = read_lead(source, str(number), mitdb.RATE_HZ, mitdb.LEAD, or_first=True)
    millivolts = np.asarray(lead.x[: round(seconds * mitdb.RATE_HZ)], np.float64)
    return to_counts(millivolts[None, None], SENSOR)[0][0].copy()


@dataclass(frozen=True, eq=False)
class BeatModel:
    """A network of the features of beats, with its front end."""

    network: Network
    int8: Int8Network
    spec: FrontEndSpec

    @classmethod
    def of(cls, counts: np.ndarray, measured: BeatInput, seed: int = 3, corrected: bool = False) -> "BeatModel":
        """Normalized over the beats of a recording; weights are random."""
        beats = BeatSpec.of(measured, corrected)
        inputs = len(beats.names)
        plain = _spec(beats, [0.0] * inputs, [1.0] * inputs)
        values = found(counts, plain).values
        rng = np.random.default_rng(seed)
        network = _network(inputs, rng)
        int8 = quantize(network, {name: [-4.0, 4.0] for name in network.tensors})
        affine = int8.activations["input"]
        std = np.maximum(values.std(0), 0.01)
        return cls(network, int8, _spec(beats, values.mean(0), std, affine.scale, affine.zero_point))

    def write(self, folder: Path) -> None:
        """model_data.c and model_data.h."""
        coefficients = FrontEnd.from_spec(self.spec).resampler.coefficients
        write_c(CModel(self.int8, arena.schedule(self.network), LABELS, MODEL_HASH, self.spec, coefficients), folder)

    def manifest(self, folder: Path) -> Manifest:
        """Of a bundle in a folder, of which nothing else is there."""
        return manifest(folder, self.spec, LABELS, KEPT, model_hash=MODEL_HASH, task="beat")

    def expected(self, counts: np.ndarray) -> list[BeatRecord]:
        """What a board says of a stream of counts (samples, 1)."""
        spec, beats = self.spec, found(counts, self.spec)
        x = beats.values[:, None]
        inputs = quantized(x, spec.mean, spec.std, spec.inv_input_scale, spec.input_zero_point)
        outputs = run_tflite_micro(write_tflite(self.int8), inputs)
        ends = np.array([spec.resampling.consumed(output) for output in beats.answered.tolist()])
        flags = flags_at(counts, spec.sensor, spec.lead_off_samples, spec.raw_samples, ends)
        logits = outputs[LOGITS]
        classes = np.where(flags & LEAD_OFF, -1, logits.argmax(1))
        margins = np.diff(np.sort(logits.astype(int), 1), axis=1)[:, -1]
        return [
            BeatRecord(
                number=i,
                sample=int(spec.resampling.sensor_sample(beats.at[i])),
                end=int(ends[i]),
                interval=int(beats.interval[i]),
                predicted=ABSTAIN if classes[i] < 0 else int(classes[i]),
                flags=int(flags[i]),
                margin=int(margins[i]),
                rhythm=rhythm,
                inputs=inputs[i, 0],
                features=outputs[FEATURES][i],
                logits=logits[i],
            )
            for i, rhythm in enumerate(rhythms(beats.interval.tolist(), classes.tolist()))
        ]


def found(counts: np.ndarray, spec: FrontEndSpec) -> Beats:
    """The beats of a stream of counts (samples, 1)."""
    signal = FrontEnd.from_spec(spec).signals(counts[None])[0, :, 0]
    made_at = [spec.resampling.consumed(output) - 1 for output in range(len(signal))]
    assert spec.beats is not None
    return find(signal, lead_off_at(counts, spec.lead_off_samples)[made_at], spec.beats)


def same(records: list[BeatRecord], expected: list[BeatRecord]) -> bool:
    """Whether all fields of all records are equal; the first one that is not is printed."""
    for record, due in zip(records, expected, strict=False):
        if record.pack() != due.pack():
            print(record, due, sep="\n")
            return False
    return len(records) == len(expected)


def _network(inputs: int, rng: np.random.Generator) -> Network:
    def dense(name: str, source: Tensor, channels: int, relu: bool) -> Conv:
        weights = rng.normal(0, 1 / np.sqrt(source.channels), (channels, 1, source.channels))
        return Conv(name, source, weights.astype(np.float32), np.zeros(channels, np.float32), 1, relu)

    hidden = dense("hidden", Tensor("input", 1, inputs), 16, True)
    features = dense(FEATURES, hidden.result, KEPT.kept_size, False)
    return Network((hidden, features, dense(LOGITS, features.result, len(LABELS), False)))


def _spec(
    beats: BeatSpec, mean: np.ndarray | list[float], std: np.ndarray | list[float], scale: float = 1.0, zero: int = 0
) -> FrontEndSpec:
    steps = {"band_hz": (0.5, 40.0), "warmup_s": 3.0, "beats": beats}
    mean, std = (np.asarray(values, float).tolist() for values in (mean, std))
    return front_end_spec(SENSOR, 1, RATE_HZ, scale, zero, mean, std, **steps)
