"""Windows from 1 to 10 s at an IMU's and an ECG's rates: each is trained on, or refused in words."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from export.network.from_encoder import fold
from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from train.data.data_set import DataSet, Source
from train.data.recordings import Block, Recordings
from train.data.registry import data_set
from train.model.encoder import Classifier, Encoder
from train.run.config import TrainConfig
from train.run.ecg_task import check_ecg, ecg_architecture
from train.run.fit import columns, fitted, needed
from train.run.loop import Progress, fit
from train.run.task import Task, check_imu, imu_architecture, imu_task

SILENT = Progress(lambda epoch, figures: None, lambda done, total: None)
PADDINGS = ("same", "valid")


def people(rate_hz: float, channels: int) -> Recordings:
    """Eight people who rest and wave for 12 s each."""
    rng, blocks, samples = np.random.default_rng(0), [], round(12 * rate_hz)
    for person in range(8):
        for label in (0, 1):
            x = rng.normal(0, 0.1, (channels, samples)).astype(np.float32)
            x[2] += 9.8
            x[0] += label * np.sin(2 * np.pi * 1.5 * np.arange(samples) / rate_hz)
            blocks.append(Block(person, label, x))
    names = ("ax", "ay", "az", "gx", "gy", "gz")[:channels]
    units = (("m/s^2",) * 3 + ("rad/s",) * 3)[:channels]
    sensors = (("accelerometer", (0, 1, 2)), ("gyroscope", (3, 4, 5)))[: channels // 3]
    return Recordings("people", rate_hz, 4.0, names, units, sensors, ("rest", "wave"), tuple(blocks), "00" * 32)


def one_step(task: Task, config: TrainConfig, folder: Path) -> Classifier:
    """A model of the task behind one step of training; the loss is finite, or `fit` refuses it."""
    hz = task.recordings.rate_hz if task.frontend.invariant else None
    shape = {"channels": len(task.recordings.channels), "samples": task.samples, "classes": 2}
    torch.manual_seed(0)
    model = Classifier(task.architecture, config.encoder.partition, **shape, invariant_hz=hz, limit=task.limit)
    windows = task.parts["train"].take(np.arange(config.optimization.batch_size))
    cpu = torch.device("cpu")
    fit(model, windows, task.transformation, config, lambda m: {}, SILENT, folder, cpu, task.vary)
    return model.eval()


@pytest.mark.parametrize("channels", [3, 6])
@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 50.0, 52.0, 100.0, 104.0])
@pytest.mark.parametrize("window_s", [1.0, 1.5, 2.0, 4.0, 10.0])
def test_every_window_is_trained_on_or_refused(window_s: float, rate_hz: float, channels: int, tmp_path: Path) -> None:
    """And what is trained is a network that can be deployed, with as many columns as are said."""
    recordings, samples = people(rate_hz, channels), round(window_s * rate_hz)
    for padding in PADDINGS:
        for source in ("raw", "invariant"):
            options = {"window": window_s, "padding": padding, "input": source, "variation": 1.0, "cutmix": 1.0}
            config = TrainConfig().changed(**options, epochs=1, batch_size=4, partition="4/4/8")
            if samples < 21 and padding == "valid":
                with pytest.raises(
                    InputError, match=r"1 s at 20 Hz has 20 samples, .* needs 21: give --window 1.05 or"
                ):
                    imu_task(recordings, Source("people", {}), config)
                continue
            task = imu_task(recordings, Source("people", {}), config)
            assert task.samples == samples
            (tmp_path / f"{padding}-{source}").mkdir()
            network = fold(one_step(task, config, tmp_path / f"{padding}-{source}"), samples)
            left = columns(task.architecture, samples)
            assert next(layer for layer in network.layers if layer.name == "pool").source.length == left
            assert left >= (1 if padding == "valid" else 2)


def counted(architecture: Architecture, samples: int) -> int:
    """Columns of an encoder, by running it; 0 where it cannot be made."""
    flat = Architecture(architecture.widths, architecture.strides, architecture.kernel, "flatten", architecture.padding)
    try:
        encoder = Encoder(flat, 1, samples, 4).eval()
    except ValueError:
        return 0
    assert encoder(torch.zeros(1, 1, samples)).shape == (1, 4)
    return encoder.latent.in_features // architecture.widths[-1]


@pytest.mark.parametrize("padding", PADDINGS)
def test_columns_and_the_least_samples_are_those_of_the_encoder(padding: str) -> None:
    for strides in ((2, 1, 2), (1, 1, 1), (3, 2, 1)):
        architecture = Architecture((4, 4, 4), strides, (5, 3, 7), "average", padding)
        for samples in range(1, 60):
            assert columns(architecture, samples) == counted(architecture, samples), (strides, samples)
    ones = Architecture((4, 4, 4), (1, 1, 1), (5, 3, 7), "average", padding)
    assert needed(ones) == {"same": 7, "valid": 13}[padding]
    if padding == "valid":
        assert counted(ones, 13) == 1 and counted(ones, 12) == 0


@pytest.mark.parametrize("padding", PADDINGS)
def test_the_windows_of_the_known_sets_keep_their_encoders(padding: str) -> None:
    """WISDM and the watch set; MIT-BIH's strips and beats, PTB-XL's strips."""
    wrist = TrainConfig().changed(padding=padding).encoder
    for window_s in (10.0, 4.0):
        assert imu_architecture(wrist, window_s, 20.0).strides == (2, 1, 2, 1, 2, 1, 2)
    heart = TrainConfig().changed(padding=padding, pool="flatten").encoder
    for window_s, rate_hz in ((10.0, 180.0), (9.17, 100.0), *(((4.0, 180.0),) if padding == "same" else ())):
        assert ecg_architecture(heart, window_s, rate_hz).strides == (2, 2, 2, 2, 2, 2, 1)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("rate_hz", [100.0, 125.0, 128.0, 130.0, 180.0, 250.0, 257.0, 300.0, 500.0, 512.0])
def test_an_ecgs_windows_at_every_rate(padding: str, rate_hz: float) -> None:
    for window_s in (1.0, 2.0, 4.0, 10.0):
        encoder = TrainConfig().changed(padding=padding).encoder
        samples, architecture = round(window_s * rate_hz), ecg_architecture(encoder, window_s, rate_hz)
        assert columns(architecture, samples) == counted(architecture, samples) >= (1 if padding == "valid" else 2)


def test_strides_are_taken_back_from_the_end() -> None:
    architecture = Architecture((8,) * 4, (2, 1, 2, 2), 3)
    assert fitted(architecture, 1.0, 32.0).strides == (2, 1, 2, 2)
    assert fitted(architecture, 1.0, 9.0).strides == (2, 1, 2, 2)
    assert fitted(architecture, 1.0, 8.0).strides == (2, 1, 2, 1)
    assert fitted(replace(architecture, padding="valid"), 1.0, 10.0).strides == (1, 1, 1, 1)
    assert fitted(architecture, 1.0, 5000.0) == architecture


@pytest.mark.parametrize(
    ("window_s", "rate_hz", "message"),
    [
        (0.2, 20.0, "0.2 s at 20 Hz has 4 samples, the encoder with --padding same needs 5: give --window 0.25 or"),
        (1000.0, 100.0, "1000 s at 100 Hz has 100,000 samples, a board counts 65,535 at most: give a shorter --window"),
        (1e150, 1e150, "a board counts 65,535 at most"),
    ],
)
def test_what_no_encoder_fits_is_said_before_anything_is_read(window_s: float, rate_hz: float, message: str) -> None:
    def read(path: Path | None, options: object) -> Recordings:
        raise AssertionError("reading takes minutes")

    config = TrainConfig().changed(window=window_s, rate=rate_hz)
    with pytest.raises(InputError, match=message):
        check_imu(config, DataSet("x", "imu", read, "replay-imu"))
    check_imu(TrainConfig().changed(window=window_s), DataSet("x", "imu", read, "replay-imu"))  # the rate is to be read


def test_an_ecgs_options_are_looked_at_before_anything_is_read() -> None:
    for rate_hz in (60.0, 80.0):
        with pytest.raises(InputError, match=f"mitdb: a model of {rate_hz:g} Hz cannot see ECG up to 40 Hz"):
            check_ecg("strip", TrainConfig().changed(rate=rate_hz), data_set("mitdb"))
    with pytest.raises(InputError, match="0.03 s at 180 Hz has 5 samples, the encoder with --padding same needs 7"):
        check_ecg("beat", TrainConfig().changed(window=0.03), data_set("mitdb"))


def test_an_encoder_of_ones_own_sizes_is_trained_and_folded(tmp_path: Path) -> None:
    """What the flags say is what the device runs."""
    sizes = {"widths": "8/12/20", "strides": "2/1/3", "kernels": "7/3/5"}
    config = TrainConfig().changed(**sizes, epochs=1, batch_size=4, partition="4/4/8")
    source = Source("people", {})
    network = fold(one_step(imu_task(people(20.0, 6), source, config), config, tmp_path), 80)
    blocks = [layer for layer in network.convs if layer.name.startswith("block")]
    assert [layer.channels for layer in blocks] == [8, 12, 20]
    assert [layer.stride for layer in blocks] == [2, 1, 3] and [layer.kernel for layer in blocks] == [7, 3, 5]
    heart = ecg_architecture(TrainConfig().changed(**sizes).encoder, 10.0, 180.0)
    assert (heart.widths, heart.strides, heart.kernels) == ((8, 12, 20), (2, 1, 3), (7, 3, 5))


def test_one_of_the_sizes_leaves_the_others_the_task_s() -> None:
    own = imu_architecture(TrainConfig().encoder, 4.0, 20.0)
    narrow = imu_architecture(TrainConfig().changed(widths="8/8/8/8/8/8/8").encoder, 4.0, 20.0)
    assert narrow == replace(own, widths=(8,) * 7)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"widths": "8/16"}, "2 widths but 7 strides and 7 kernels; give --widths, --strides and --kernels of one len"),
        (
            {"widths": "8/8", "strides": "8/16", "kernels": "5/5"},
            "--strides 8/16 leave 1 columns of a window of 80 samples; give smaller ones, such as 8/1, or a longer",
        ),
        (
            {"widths": "60000/60000", "strides": "1/1", "kernels": "5/5"},
            "architecture: has 18,0[0-9,]+ weights, expected at most",
        ),
        ({"kernels": "99/3/3/3/3/3/3"}, "80 samples, the encoder with --padding same needs 99: give --window 4.95"),
    ],
)
def test_sizes_that_make_no_encoder_are_refused(sizes: dict[str, str], message: str) -> None:
    encoder = TrainConfig().changed(**sizes, padding="same").encoder
    with pytest.raises(InputError, match=message):
        imu_architecture(encoder, 4.0, 20.0)
