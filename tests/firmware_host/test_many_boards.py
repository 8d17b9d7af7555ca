"""Eight native boards at once, each behind a line that damages one byte in a hundred: nothing is lost."""

import json
import os
import shutil
import time
from contextlib import ExitStack

import pytest

from firmware_host import board as board_module
from firmware_host import replay, validate
from scl.artifacts.bundle import read_run_bundle
from tests.firmware_host.damaged_line import damaged_line
from tests.firmware_host.test_real_boards import build_folder, folder  # noqa: F401
from tests.link.faulty_line import Damage

BOARDS = 8
SECONDS = float(os.environ.get("SCL_MANY_BOARDS_SECONDS", "10"))  # the ten minutes: 600


def test_the_damage():
    """Its share is what it says, and it is the same in every run."""
    data = bytes(100_000)
    first, second = Damage(0.01, 3), Damage(0.01, 3)
    assert first(data) == second(data) != data
    assert 900 < first.count < 1100


@pytest.mark.faults
@pytest.mark.timeout(SECONDS + 200)
def test_eight_boards_over_bad_lines(request, tmp_path):
    for tool in ("gcc", "make"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    request.getfixturevalue("build_folder")
    bundle = request.getfixturevalue("folder")
    firmware = board_module.build(read_run_bundle(bundle), "native")
    paths = [tmp_path / f"ttyACM{number}" for number in range(BOARDS)]
    with ExitStack() as stack:
        ways = [
            way
            for seed, path in enumerate(paths)
            for way in stack.enter_context(damaged_line(firmware, path, 0.01, seed))
        ]
        started, runs, sent = time.monotonic(), 0, 0
        while time.monotonic() < started + SECONDS:
            ports = [argument for path in paths for argument in ("--port", str(path))]
            trace = str(tmp_path / "board.trace")
            status = validate.main([str(bundle), *ports, "--out", str(tmp_path / "out"), "--trace", trace])
            reports = [json.loads((tmp_path / f"out-{path.name}" / "validation.json").read_text()) for path in paths]
            assert status == 0, f"run {runs}: {[report['missed'] for report in reports]}"
            assert all((report["lost"], report["verdict"]) == (0, "exact") for report in reports), f"run {runs}"
            runs, sent = runs + 1, sent + sum(report["sent"] for report in reports)
    for path, report in zip(paths, reports, strict=True):  # thousands of repetitions, and the host does them all again
        found = replay.replay(tmp_path / f"board-{path.name}.trace", read_run_bundle(bundle))
        assert (found.lost, found.retried, found.stopped) == (0, report["retried"], None)
    print(f"{sent} windows in {runs} runs on {BOARDS} boards, {sum(way.count for way in ways)} bytes damaged")
    assert all(way.count for way in ways)
