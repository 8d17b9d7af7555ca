"""A battery of heartbeats on a real board, and its figures against slow ones."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware_host import board, validate
from firmware_host.beat_battery import MISSED, Row
from firmware_host.beat_validation import BeatValidation
from firmware_host.beats import BeatRecord
from firmware_host.messages import ABSTAIN
from scl.artifacts import InputError, read_artifact
from scl.artifacts.battery import BATTERY, read_beat_battery, write_beat_battery
from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.bundle import MANIFEST, hashes, read_bundle, write_manifest
from scl.artifacts.golden_beats import GoldenBeats
from scl.ec57.matching import match, match_window
from tests.firmware.beat_model import recording
from tests.firmware_host.beat_bundle import RECORDS, golden_beats, write_bundle
from tests.firmware_host.test_beat_measure import BEATS, RATE_HZ, answered
from tests.firmware_host.test_beat_measure import golden as one_stretch

COPIES = (BatteryCopy("ecg-gain", "the scale is off", "%", 10.0), BatteryCopy("ecg-inverted", "turned round", "", 1.0))


def joined(parts: Sequence[GoldenBeats]) -> GoldenBeats:
    """One golden set of several, one behind the other."""
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
    before = np.cumsum([0, *(len(part.lengths) for part in parts[:-1])])
    for name in ("stretch", "truth_stretch", "flutter_stretch"):
        columns[name] = np.concatenate([getattr(p, name) + n for p, n in zip(parts, before, strict=True)])
    return GoldenBeats(**columns)


def listed(folder: Path) -> dict[str, str]:
    """What a manifest lists: every other file."""
    return {name: digest for name, digest in hashes(folder).items() if name != MANIFEST}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not all(map(shutil.which, ("make", "gcc"))):
        pytest.skip("make or gcc is not installed")
    folder = tmp_path_factory.mktemp("hearts")
    model, plain = write_bundle(folder / "bundle")
    rows = [plain]
    for change in (lambda x: np.rint(1024 + 1.1 * (x - 1024)), lambda x: 2048 - x):
        counts = [change(recording(0.4, seed)).clip(0, 2047).astype(np.int16) for seed in (7, 8)]
        truth = {name: getattr(plain, name) for name in ("truth_stretch", "truth_sample", "truth_class")}
        rows.append(replace(golden_beats(model, counts), **truth))
    write_beat_battery(folder / "bundle", joined(rows))
    manifest = read_bundle(folder / "bundle").manifest
    write_manifest(folder / "bundle", replace(manifest, battery=COPIES, files=listed(folder / "bundle")))
    return folder


def played(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, BeatValidation]:
    monkeypatch.setattr(board, "BUILD", folder / "build")
    status = validate.main([str(folder / "bundle"), "--port", "native", "--battery", "--out", str(out)])
    return status, read_artifact(out / "validation.json", BeatValidation)


def test_a_board_plays_it_exactly_and_a_report_has_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = played(folder, tmp_path / "out", monkeypatch)
    battery = report.battery
    assert status == 0 and battery is not None and battery.parity.off == 0 and battery.stopped is None
    assert battery.parity.compared > 3 * 15 and battery.records == len(RECORDS)
    assert battery.recorded.accuracy == battery.recorded.macro_f1 == 1.0 and battery.recorded.consistency is None
    assert {(rung.name, rung.strength) for rung in battery.rungs} == {("ecg-gain", 10.0), ("ecg-inverted", 1.0)}
    assert battery.rungs[0].board.macro_f1 <= battery.rungs[1].board.macro_f1
    page = (tmp_path / "out" / "validation.html").read_text()
    assert "The battery, weakest first" in page and "ecg-inverted" in page
    assert "the battery on the board:" in " ".join(capsys.readouterr().out.split())


def test_a_board_that_answers_otherwise_fails(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(bundle: object) -> tuple[tuple[BatteryCopy, ...], GoldenBeats]:
        copies, golden = read_beat_battery(bundle)  # type: ignore[arg-type]
        logits = golden.logits.copy()
        logits[-1] = logits[-1][::-1]
        return copies, replace(golden, logits=logits)

    monkeypatch.setattr("firmware_host.beat_battery.read_beat_battery", other)
    status, report = played(folder, tmp_path / "out", monkeypatch)
    assert status == 1 and report.verdict == "missed" and report.missed[0].startswith("of the battery, ")


def test_none_of_another_recording_and_none_at_all(folder: Path, tmp_path: Path) -> None:
    bundle = shutil.copytree(folder / "bundle", tmp_path / "bundle")

    def refused(text: str, **changes: object) -> None:
        manifest = read_bundle(folder / "bundle").manifest
        write_manifest(bundle, replace(manifest, files=listed(bundle), **changes))  # type: ignore[arg-type]
        with pytest.raises(InputError, match=text):
            read_beat_battery(read_bundle(bundle))

    refused("has 6 stretches, expected a multiple of 4, the rows of the manifest", battery=(*COPIES, COPIES[0]))
    refused("has no battery.npz, expected a run's bundle with one", battery=())
    _, golden = read_beat_battery(read_bundle(folder / "bundle"))
    write_beat_battery(bundle, replace(golden, truth_sample=golden.truth_sample + (golden.truth_stretch == 4)))
    refused("stretch 4 is of another recording, or annotated otherwise, than stretch 0", battery=COPIES)
    (bundle / BATTERY).write_bytes(b"no archive")
    refused("battery.npz", battery=COPIES)


@pytest.mark.parametrize("changes", [{}, {3: 0}, {0: 1, 3: 2}, {1: None, 2: None}, {7: 4}, {3: None, 6: 2}])
def test_figures_against_slow_ones(changes: dict[int, int | None]) -> None:
    """Beats with other classes, or missed; and one that is found where none is annotated."""
    golden = one_stretch()
    golden = replace(golden, truth_class=np.array([0, 0, 1, 2] * 3, np.uint8))
    records: list[BeatRecord] = [
        replace(r, predicted=int(c)) for r, c in zip(answered(), golden.truth_class, strict=True)
    ]
    changed = [replace(r, predicted=changes.get(i, r.predicted)) for i, r in enumerate(records)]  # type: ignore[arg-type]
    changed = [r for i, r in enumerate(changed) if changes.get(i, 0) is not None]
    extra = replace(records[0], sample=records[0].sample + 180, predicted=2)
    changed.insert(1, extra)
    whole = Row(golden, [records], range(1), RATE_HZ)
    row = Row(golden, [changed], range(1), RATE_HZ)
    found = row.scores(whole)

    truth = golden.truth_class.tolist()
    said = [changes.get(i, truth[i]) for i in range(BEATS)]
    right = sum(a == b for a, b in zip(truth, said, strict=True))
    assert found.accuracy == pytest.approx(right / (BEATS + 1))
    f1 = []
    for one in (0, 1, 2):
        hits = sum(a == b == one for a, b in zip(truth, said, strict=True))
        named = said.count(one) + (one == extra.predicted)
        f1.append(2 * hits / (named + truth.count(one)))
    assert found.macro_f1 == pytest.approx(sum(f1) / 3)
    assert found.consistency == pytest.approx(right / BEATS)
    missed = said.count(None)
    assert found.sensitivity == pytest.approx((BEATS - missed) / BEATS)
    assert found.ppv == pytest.approx((BEATS - missed) / (BEATS - missed + 1))
    assert whole.scores(None).macro_f1 == 1.0 and (row.answers == MISSED).sum() == missed


def test_every_beat_is_counted_once(folder: Path) -> None:
    """The matrices of a row hold every annotated beat, and every one of the board."""
    _, golden = read_beat_battery(read_bundle(folder / "bundle"))
    heard: list[list[BeatRecord]] = []
    for stretch in range(len(golden.groups)):
        there = np.flatnonzero(golden.stretch == stretch)
        records = [answered()[0] for _ in there]
        heard.append(
            [
                replace(r, sample=int(golden.sample[i]), predicted=int(golden.predictions[i]) % (ABSTAIN + 1))
                for r, i in zip(records, there, strict=True)
            ]
        )
    row = Row(golden, heard, range(2, 4), RATE_HZ)
    for counts, stretch in zip(row.matrices, (2, 3), strict=True):
        at, classes = golden.truth(stretch)
        assert counts[:5].sum() == len(at) and counts[:, :5].sum() == len(heard[stretch])
        matched = match(at, np.array([r.sample for r in heard[stretch]]), match_window(RATE_HZ)) >= 0
        assert counts[:5, :5].sum() == matched.sum() and counts[:3].sum() == (classes < 3).sum()
