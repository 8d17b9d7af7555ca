"""run.json: every field damaged in every way, every prefix, random bytes; and sizes that do not agree."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError, read_artifact, write_artifact
from scl.artifacts.architecture import Architecture
from scl.artifacts.run import InputSteps, Normalisation, RunInfo, SensorChannels, WindowInfo, read_run_info, run_hash
from scl.partition import Partition
from tests.scl.artifacts.damage import check

# What the damages of tests/scl/artifacts/damage.py put into a field that may hold it.
TEXTS = {(name, "text") for name in ("name", "method", "labels", "channels", "units", "kind", "sentence", "python")}
NUMBERS = {("seed", "3"), ("fold", "3"), ("parameters", "3"), ("samples", "3"), ("kernel", "3"), ("widths", "3")}
NUMBERS |= {(name, "3") for name in ("strides", "invariant", "free", "train", "validation", "test")}
NUMBERS |= {(name, text) for name in ("least", "most", "mean") for text in ("1.5", "3", "-1", "-0.5")}
NUMBERS |= {(name, text) for name in ("std", "limit", "warmup_s", "band_hz") for text in ("1.5", "3")}
OTHERS = {("multilabel", "True"), ("canonical", "True"), ("leaky", "True"), ("same_patient", "3"), ("validation", "[]")}
OTHERS |= {(name, "{}") for name in ("parameters", "options", "report", "config", "versions")}


def test_what_is_written_is_read(run_info: RunInfo, tmp_path: Path) -> None:
    write_artifact(tmp_path / "run.json", run_info)
    assert read_run_info(tmp_path) == run_info
    assert json.loads((tmp_path / "run.json").read_text())["partition"] == {"invariant": 4, "variant": 3, "free": 5}


def test_every_field_is_held_to_its_type_and_range(run_info: RunInfo, tmp_path: Path) -> None:
    assert check(tmp_path / "run.json", run_info, TEXTS | NUMBERS | OTHERS) > 1000


def test_every_prefix_is_refused(run_info: RunInfo, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_artifact(path, run_info)
    data = path.read_bytes()
    assert data.endswith(b"}\n")
    for length in range(len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(InputError, match="run.json: "):
            read_run_info(tmp_path)


def test_random_bytes_end_in_an_input_error_or_another_valid_run(run_info: RunInfo, tmp_path: Path) -> None:
    path, rng, refused = tmp_path / "run.json", np.random.default_rng(0), 0
    write_artifact(path, run_info)
    data = path.read_bytes()
    for _ in range(1000):
        mutated = bytearray(data)
        for place in rng.integers(len(data), size=rng.integers(1, 4)):
            mutated[place] = rng.integers(256)
        path.write_bytes(mutated)
        try:
            write_artifact(tmp_path / "again.json", read_run_info(tmp_path))
        except InputError as error:
            refused += 1
            assert str(path) in str(error)
    assert refused > 700  # the others changed a letter of a text or a digit


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ("a", "a")}, "labels are a, a, expected different ones"),
        ({"labels": tuple(map(str, range(256)))}, "field labels is .*expected 255 at most entries"),
        ({"labels": tuple(map(str, range(64))), "multilabel": True}, "labels: 64 that may hold together, expected 63"),
        ({"partition": Partition(0, 8, 0)}, "partition is 0/8/0 .*invariant or free ones among them"),
        ({"partition": Partition(65535, 1, 0)}, "expected 1 to 65,535 dimensions"),
        ({"sensors": (SensorChannels("ecg", (0,)),)}, r"sensors.channels are \[0\], expected each of 2 in order"),
        ({"normalisation": Normalisation((0.0,), (1.0,), 8.0)}, "normalisation.mean has 1 entries, expected 2 of 2"),
        ({"frontend": InputSteps(invariant=True)}, "frontend.invariant is True with 2 channels"),
        ({"frontend": InputSteps((0.5, 62.5))}, "expected less than half of rate_hz, 125"),
        ({"frontend": InputSteps(warmup_s=1e5)}, "warmup_s is 100000, expected 65,535 samples at most"),
        ({"architecture": Architecture((65535,) * 3, (1,) * 3, (9,) * 3)}, "weights, expected at most 50,000,000"),
    ],
)
def test_fields_that_do_not_agree(run_info: RunInfo, tmp_path: Path, changes: dict[str, object], message: str) -> None:
    """Where the class lets it be made, nothing is written; and a file that somebody else wrote is not read."""
    with pytest.raises(ValueError, match=message):
        write_artifact(tmp_path / "run.json", replace(run_info, **changes))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WindowInfo(40, 125.0, ("I", "I"), ("mV", "mV")), "channels are I, I"),
        (lambda: WindowInfo(40, 125.0, ("I", "II"), ("mV",)), "units: 1 for 2 channels"),
        (lambda: InputSteps((40.0, 0.5)), "expected the low end first"),
        (lambda: Normalisation((0.0,), (1.0, 1.0), 8.0), "std: 2 deviations for 1 means"),
        (lambda: Architecture((8,), (2, 2), (3,)), "1 widths but 2 strides"),
    ],
)
def test_parts_that_do_not_agree(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_parts_of_a_split_share_nobody_unless_they_say_so(run_info: RunInfo) -> None:
    with pytest.raises(ValueError, match=r"share \[101\], expected none unless leaky is true"):
        replace(run_info.split, test=(101,))
    assert replace(run_info.split, test=(101,), leaky=True).part("test") == (101,)
    with pytest.raises(ValueError, match="train are 101, 101, expected different ones"):
        replace(run_info.split, train=(101, 101))


def test_an_older_schema_is_refused_with_the_command_that_makes_it_anew(run_info: RunInfo, tmp_path: Path) -> None:
    write_artifact(tmp_path / "run.json", run_info)
    fields = json.loads((tmp_path / "run.json").read_text())
    for schema in (5, 7, "6", 6.0, True, None, [6]):
        (tmp_path / "run.json").write_text(json.dumps(fields | {"schema": schema}))
        with pytest.raises(
            InputError, match="run.json: has run schema .*reads schema 6; train it again with python -m"
        ):
            read_run_info(tmp_path)


def test_the_weights_bound_what_an_encoder_may_take(run_info: RunInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the encoder's own count, whose biases and normalizations are not weights."""
    from train.model.encoder import Classifier

    for pool in ("average", "flatten"):
        info = replace(run_info, architecture=replace(run_info.architecture, pool=pool))
        model = Classifier(info.architecture, info.partition, channels=2, samples=40, classes=2)
        weights = sum(p.numel() for p in model.parameters() if p.ndim > 1)
        monkeypatch.setattr("scl.artifacts.architecture.MOST_PARAMETERS", weights)
        replace(info)
        monkeypatch.setattr("scl.artifacts.architecture.MOST_PARAMETERS", weights - 1)
        with pytest.raises(ValueError, match=f"architecture: has {weights:,} weights, expected at most"):
            replace(info)
        monkeypatch.undo()


def test_no_run_and_files_that_are_elsewhere(run_info: RunInfo, tmp_path: Path) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    run.mkdir()
    with pytest.raises(InputError, match=r"run: is not a run folder \(no run.json\); python -m train.imu --out"):
        read_run_info(run)
    write_artifact(other / "run.json", run_info)
    (run / "run.json").symlink_to(other / "run.json")
    with pytest.raises(InputError, match="run.json: is a link to .*other/run.json, expected a file inside the folder"):
        read_run_info(run)
    with pytest.raises(InputError, match="is a link to"):
        run_hash(run)
    (run / "run.json").unlink()
    write_artifact(run / "run.json", run_info)
    for target in ("/dev/zero", other / "run.json"):
        (run / "model.safetensors").unlink(missing_ok=True)
        (run / "model.safetensors").symlink_to(target)
        with pytest.raises(InputError, match="model.safetensors: is a link to .*, expected a file inside the folder"):
            run_hash(run)
    (run / "run.json").unlink()
    (run / "run.json").symlink_to(other / "run.json")
    assert read_artifact(run / "run.json", RunInfo) == run_info  # a file that the user names may be a link


def test_the_hash_of_a_run_is_of_its_file_and_its_weights(run_info: RunInfo, tmp_path: Path) -> None:
    write_artifact(tmp_path / "run.json", run_info)
    with pytest.raises(InputError, match="model.safetensors: no such file; copy the whole folder again, or train it"):
        run_hash(tmp_path)
    hashes = set()
    for weights in (b"1", b"2"):
        (tmp_path / "model.safetensors").write_bytes(weights)
        hashes.add(run_hash(tmp_path))
    write_artifact(tmp_path / "run.json", replace(run_info, seed=1))
    assert len(hashes | {run_hash(tmp_path)}) == 3
    with (tmp_path / "model.safetensors").open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(
        InputError, match="model.safetensors: has 1,099,511,627,776 bytes, expected 216,777,216 at most"
    ):
        run_hash(tmp_path)
