import argparse
from pathlib import Path
from types import ModuleType

import pytest

from scl.artifacts import InputError
from scl.partition import Partition
from train import ecg, fusion, imu
from train.run.config import TrainConfig
from train.run.flags import add_options, from_arguments
from train.run.supported import check_supported


def parse(*flags: str) -> TrainConfig:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return from_arguments(parser.parse_args(list(flags)))


def test_defaults_then_file_then_flags(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('method = "augment"\nlambda = 2\nepochs = 3\n')
    assert parse() == TrainConfig()
    config = parse("--config", str(path), "--epochs", "5")
    assert (config.method.name, config.method.lambda_, config.optimization.epochs) == ("augment", 2, 5)
    assert config.as_dict()["lambda"] == 2 and "lambda_" not in config.as_dict()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('metod = "scl"', "unknown key metod; known keys: method, task_views"),
        ('method = "magic"', "method is 'magic', expected one of baseline, augment, scl, simclr, vicreg"),
        ('epochs = "many"', "epochs is 'many', expected int"),
        ("epochs = 0", "epochs is 0, expected 1 or more"),
        ("lambda = true", "lambda is True, expected float"),
        ('partition = "32/64"', "expected three sizes"),
        ('partition = "0/128/0"', "leaves the task head nothing"),
        ('partition = "0/0/128"', "neither invariant nor variant dimensions for method scl"),
        ("lambda = nan", "lambda is nan, expected a finite number"),
        ("beta = -1.0", "beta is -1.0, expected 0 or more"),
        ("eps = 0.0", "eps is 0.0, expected more than 0"),
        ('also = "flip"', "also is .flip., expected one of , scale, shift, scale\\+shift"),
        ('also = "scale"\nmethod = "augment"', "also scale is for method scl on input raw, found augment on raw"),
        ('also = "scale"\ninput = "invariant"', "is for method scl on input raw, found scl on invariant"),
        (
            'also = "scale+shift"',
            "do not divide among rotation and scale\\+shift; give a multiple of 3",
        ),
        ("read = 1.0", "read is 1.0, but there is no also to read"),
        ("cutmix = 1.5", "cutmix is 1.5 and batch_size 128, expected at most 1"),
        ("cutmix = 0.5\nbatch_size = 33", "cutmix is 0.5 and batch_size 33, .* even batches"),
        ('allocation = "auto"\nmethod = "vicreg"', "allocation auto is for method scl without also, found vicreg"),
        ('negatives = "none"', "negatives is 'none', expected one of batch, other-class, memory"),
        ('beta_schedule = "up"', "beta_schedule is 'up', expected one of constant, rise, fall"),
        ('widths = "16/x"', "widths is '16/x', expected sizes of 1 to 65,535 as 16/24/32"),
        ('strides = "2/0"', "strides is '2/0', expected sizes of 1 to"),
        ('kernels = "5/99999"', "kernels is '5/99999', expected sizes of 1 to"),
        (f'widths = "{"/".join(["8"] * 101)}"', "widths has 101 blocks, expected 100 at most"),
        ("widths = [16, 24]", r"widths is \[16, 24\], expected a text such as"),
        ("partition = 3", "partition is 3, expected a text such as 32/32/64"),
        ("epochs = ", "is not TOML"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        parse("--config", str(path))
    assert str(path) in str(error.value)


def test_file_and_flags_are_judged_together(tmp_path: Path) -> None:
    """Free dimensions alone are refused for scl, the default, but not for the method that the flag asks for."""
    path = tmp_path / "a.toml"
    path.write_text('partition = "0/0/128"\n')
    assert parse("--config", str(path), "--method", "augment").encoder.partition == Partition(0, 0, 128)


def test_groups_hold_every_option_once() -> None:
    names = [name for name, _, _ in TrainConfig.options()]
    assert len(names) == len(set(names)) == 41 == len(TrainConfig().as_dict())
    assert {"method", "partition", "lambda", "epochs", "seed", "also"} < set(names)


def test_what_run_json_holds_makes_the_same_options() -> None:
    config = TrainConfig().changed(partition="8/4/16", lambda_=0.5, method="vicreg", seed=7, widths="8/16")
    assert config.as_dict()["widths"] == "8/16" and config.encoder.widths == (8, 16)
    assert config.as_dict()["partition"] == "8/4/16" and config.encoder.partition == Partition(8, 4, 16)
    assert TrainConfig().changed(**config.as_dict()) == config != TrainConfig()
    with pytest.raises(ValueError, match="unknown option epoch; known options: method, task_views"):
        TrainConfig().changed(epoch=3)


@pytest.mark.parametrize(
    ("command", "flags", "message"),
    [
        (imu, ["--input", "canonical"], "--input is canonical, expected raw or invariant for an IMU .*; leave it out"),
        (
            ecg,
            ["--input", "invariant"],
            "--input is invariant, expected raw or canonical or features or causal or waveform or both for ECG",
        ),
        (
            ecg,
            ["--input", "raw", "--variation", "1"],
            "--variation is 1.0, expected 0.0 for ECG .ECG windows are always varied.",
        ),
        (
            ecg,
            ["--input", "raw", "--peaks", "annotated"],
            "--peaks is annotated, expected detected for ECG .windows of beats are cut around annotated R peaks, .*; "
            "leave it out",
        ),
        (imu, ["--peaks", "annotated"], "--peaks is annotated, expected detected for an IMU .motion has no R peaks"),
        (fusion, ["--peaks", "annotated"], "--peaks is annotated, expected detected for pairs"),
        (
            ecg,
            ["--against", "mirror"],
            "--against is 'mirror', expected inverted, lead or inverted.lead where beats are",
        ),
        (ecg, ["--against", "lead+lead"], "--against is 'lead.lead', expected inverted, lead or inverted.lead where"),
        (
            ecg,
            ["--synthetic", "--against", "inverted+lead"],
            "synthetic is read in one lead .*; leave lead out of --agai",
        ),
        (
            ecg,
            ["--input", "raw", "--against", "inverted"],
            "--against is inverted, expected nothing for ECG .windows are",
        ),
        (ecg, ["--input", "raw", "--polarity", "corrected"], "--polarity is corrected, expected as-recorded for ECG"),
        (ecg, ["--labelled", "3"], "--labelled is 3, expected 0 for ECG .all beats and strips have labels"),
        (imu, ["--polarity", "corrected"], "--polarity is corrected, expected as-recorded for an IMU"),
        (ecg, ["--cutmix", "0.5"], "--cutmix is 0.5, expected 0.0 for ECG"),
        (ecg, ["--input", "raw", "--also", "scale"], "--also is scale, expected nothing for ECG"),
        (ecg, ["--split", "random"], "--split is random, expected subject for ECG .ECG is divided by record"),
        (ecg, ["--set", "ptbxl", "--smoothing", "0.1"], "--smoothing is 0.1, expected 0.0 for ptbxl .labels of ptbxl"),
        (ecg, ["--smoothing", "1"], "options: smoothing is 1.0, expected less than 1"),
        (fusion, ["--widths", "8/16"], "--widths is 8/16, expected nothing for pairs"),
        (fusion, ["--allocation", "auto"], "--allocation is auto, expected fixed for pairs"),
    ],
)
def test_a_task_names_the_options_that_it_has_no_use_for(command: ModuleType, flags: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        command.main(flags)


@pytest.mark.parametrize("command", [imu, ecg, fusion])
def test_what_a_task_declares_are_options_and_its_defaults_are_supported(command: ModuleType) -> None:
    defaults = {imu: [imu.WRIST], ecg: [*ecg.DEFAULTS.values(), *ecg.WINDOWS.values()], fusion: [fusion.FUSED]}[command]
    assert set(command.SUPPORTED) < set(TrainConfig().as_dict())
    for config in defaults:
        check_supported("its own defaults", command.SUPPORTED, config)


def test_valid_padding_that_a_beat_is_too_short_for(tmp_path: Path) -> None:
    arguments = f"--task beat --input raw --padding valid --window 0.2 --synthetic --out {tmp_path / 'run'}"
    with pytest.raises(InputError, match="0.2 s at 180 Hz has 36 samples, .* --padding valid needs 43: give --window"):
        ecg.main(arguments.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "simclr", "floor": 0.1}, "negatives all .* floor and stop are for method scl .* found simclr"),
        ({"negatives": "all", "allocation": "auto"}, "without also and allocation auto"),
        ({"stop": "copy", "also": "scale", "input": "raw"}, "without also and allocation auto"),
        (
            {"labelled": 3, "negatives": "all-other-class"},
            "labelled is 3, but negatives all-other-class asks for every",
        ),
        ({"method": "baseline", "views": 2}, "views is 2, but method baseline trains on 1 of a window"),
        ({"method": "vicreg", "views": 1}, "views is 1, but method vicreg trains on 2 of a window"),
    ],
)
def test_options_that_a_method_has_no_use_for(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainConfig().changed(**options).check_method()


@pytest.mark.parametrize("options", [{"views": 2}, {"views": 1}, {"views": 0}])
def test_augmentation_takes_one_view_or_two(options: dict[str, object]) -> None:
    TrainConfig().changed(method="augment", **options).check_method()
