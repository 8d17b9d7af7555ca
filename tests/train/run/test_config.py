import argparse
from pathlib import Path

import pytest

from scl.artifacts import InputError
from train import ecg
from train.run.config import TrainConfig, add_options, from_arguments


def parse(*flags: str) -> TrainConfig:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return from_arguments(parser.parse_args(list(flags)))


def test_defaults_then_file_then_flags(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('method = "augment"\nlambda = 2\nepochs = 3\n')
    assert parse() == TrainConfig()
    config = parse("--config", str(path), "--epochs", "5")
    assert (config.method, config.lambda_, config.epochs) == ("augment", 2, 5)
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
        ("epochs = ", "cannot be read as TOML"),
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
    assert parse("--config", str(path), "--method", "augment").partition == "0/0/128"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--input", "invariant"], "--input invariant, --variation, --cutmix and --also are for an IMU"),
        (["--variation", "1"], "--input invariant, --variation, --cutmix and --also are for an IMU"),
        (["--set", "ptbxl", "--smoothing", "0.1"], "labels of ptbxl may hold together"),
        (["--cutmix", "0.5"], "--input invariant, --variation, --cutmix and --also are for an IMU"),
        (["--also", "scale"], "--input invariant, --variation, --cutmix and --also are for an IMU"),
        (["--smoothing", "1"], "smoothing is 1.0, expected less than 1"),
    ],
)
def test_ecg_refuses_what_it_has_no_use_for(flags: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ecg.main(flags)


def test_valid_padding_that_a_beat_is_too_short_for(tmp_path: Path) -> None:
    arguments = ["--task", "beat", "--padding", "valid", "--synthetic", "--out", str(tmp_path / "run")]
    with pytest.raises(InputError, match="a kernel of 7 does not fit into the 6 samples .* give --padding same"):
        ecg.main(arguments)
    assert not list(tmp_path.iterdir())
