import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from scl import metrics
from scl.ec57.beats import Series, of_symbols
from scl.ec57.comparison import RecordFigures, Summary, compare, summarize
from train.data.wfdb_annotations import read_annotations
from train.data.wfdb_files import Source

RATE_HZ = 360.0


def normal(*at: int) -> Series:
    return Series(np.array(at), np.zeros(len(at), np.int64))


def random_record(name: str, seed: int) -> RecordFigures:
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.integers(100, 400, size=400))
    classes = rng.choice(5, p=[0.7, 0.1, 0.14, 0.03, 0.03], size=400)
    kept = rng.random(400) > 0.05
    answers = np.where(rng.random(400) < 0.1, rng.integers(0, 3, size=400), classes)
    test = Series(np.sort(at[kept] + rng.integers(-20, 20, size=kept.sum())), answers[kept])
    return compare(name, Series(at, classes), test, RATE_HZ, learning_s=0)


def test_a_record_by_hand() -> None:
    start = 300 * 360
    reference = Series(start + np.array([-360, 0, 360, 720, 1080]), np.array([0, 0, 0, 2, 1]))
    shutdown = np.array([[start + 900, start + 1979]])
    test = Series(start + np.array([-360, 10, 363, 720]), np.array([0, 0, 2, 2]), shutdown)
    found = compare("100", reference, test, RATE_HZ)
    assert (found.qrs.true_positives, found.qrs.false_negatives, found.qrs.false_positives) == (3, 1, 0)
    assert found.veb.sensitivity == 1 and found.veb.ppv == 0.5 and found.sveb.sensitivity == 0
    assert found.matrix[1][6] == 1 and sum(map(sum, found.matrix)) == 4  # the S beat is missed in shutdown
    # Intervals: 370, 353 and 357 against 360, at 360 Hz.
    assert found.rr_intervals == 3 and found.shutdown_s == pytest.approx(3.0)
    assert found.rr_error_ms == pytest.approx(np.sqrt((10**2 + 7**2 + 3**2) / 3) / 0.36)
    everything = compare("100", reference, test, RATE_HZ, learning_s=0)
    assert everything.qrs.true_positives == 4


def test_the_shutdown_before_the_end_of_the_learning_period_does_not_count() -> None:
    test = Series(np.array([0]), np.array([0]), np.array([[0, 99], [1000, 359999]]))
    assert compare("1", normal(0), test, RATE_HZ, learning_s=300).shutdown_s == pytest.approx(700)
    assert compare("1", normal(0), test, RATE_HZ, learning_s=0).shutdown_s == pytest.approx((100 + 359_000) / 360)


def test_the_rate_changes_nothing_but_the_window() -> None:
    fast = compare("1", normal(100, 800), normal(154, 855), 360, learning_s=0)
    slow = compare("1", normal(50, 400), normal(77, 428), 180, learning_s=0)
    assert fast.matrix == slow.matrix and fast.qrs.true_positives == 1


def test_gross_is_of_sums_and_average_of_records() -> None:
    records = [random_record(str(number), number) for number in range(6)]
    found = summarize(records)
    assert found.matrix == tuple(map(tuple, np.sum([record.matrix for record in records], axis=0).tolist()))
    hits, misses = (sum(getattr(one.veb, name) for one in records) for name in ("true_positives", "false_negatives"))
    assert found.veb.gross.sensitivity == hits / (hits + misses)
    assert found.veb.average.sensitivity == pytest.approx(np.mean([one.veb.sensitivity for one in records]))
    total = sum(one.rr_error_ms**2 * one.rr_intervals for one in records) / sum(one.rr_intervals for one in records)
    assert found.rr_error_ms == pytest.approx(np.sqrt(total))
    assert found.runs.couplets.detected == sum(one.runs.couplets.detected for one in records)
    beats = [np.repeat([1.0, 0.0], [one.sveb.true_positives, one.sveb.false_positives]) for one in records]
    groups = np.repeat(np.arange(6), [len(one) for one in beats])
    assert found.sveb.ppv_ci95 == pytest.approx(metrics.cluster_interval(np.concatenate(beats), groups))


def test_without_a_record() -> None:
    records = [random_record(name, seed) for seed, name in enumerate(("100", "232", "233"))]
    found = summarize(records, without=["232"])
    assert found == summarize([records[0], records[2]]) and found.records == ("100", "233")
    with pytest.raises(ValueError, match="no records"):
        summarize(records[:1], without=["100"])


def test_of_a_single_record_there_is_no_interval() -> None:
    found = summarize([random_record("100", 0)])
    assert found.qrs.sensitivity_ci95 is None and found.inter_patient.macro_f1_ci95 is None


def test_figures_go_through_json() -> None:
    records = [random_record(str(number), number) for number in range(2)]
    for value, cls in ((records[0], RecordFigures), (summarize(records), Summary)):
        assert TypeAdapter(cls).validate_json(json.dumps(asdict(value), allow_nan=False), strict=True) == value


def test_a_real_reference_against_itself_is_all_right(data_dir: Path) -> None:
    """Record 207 has flutter, 232 many S; MIT-BIH's own counts of them (tables of mitdbdir, whole record)."""
    source = Source(data_dir / "mitdb" / "mit-bih-arrhythmia-database-1.0.0.zip", "RECORDS", "download it")
    beats = {}
    for record in ("207", "232"):
        found = read_annotations(source, record, "atr", RATE_HZ, RATE_HZ)
        beats[record] = of_symbols(found.samples, found.symbols)
    records = [compare(name, one, one, RATE_HZ, learning_s=0) for name, one in beats.items()]
    for record in records:
        assert record.qrs.sensitivity == record.qrs.ppv == record.sveb.sensitivity == record.sveb.ppv == 1
        assert record.rr_error_ms == 0 and record.runs.any.missed == record.runs.any.false == 0
    assert len(beats["207"].flutter) == 6 and records[1].sveb.true_positives == 1382
    assert records[1].qrs.true_positives == 1780 and records[0].qrs.true_positives == 1860
