"""The main job in miniature: the commands of docs/tutorials/first-report.md, one after the other, ending on the
emulated board; and the pictures that the page draws of it, which SCL_SCREENSHOTS=1 puts into docs/images.

Trains for four epochs on the recordings that a PyPI package ships, so the figures are poor on purpose and what int8
may lose is not limited. What has to hold is that every stage takes the stage before it, and that the board answers
what is golden, bit for bit.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from firmware_host.board import open_board
from firmware_host.calibration_file import nominal
from firmware_host.playing import play as stream
from firmware_host.protocol import Type
from scl.artifacts import InputError
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.capture import read_capture
from tests.browser import screenshot
from tests.documents import document, file
from tests.tutorials.pages import play, said, sections
from tests.warm import python

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
PAGE = sections("first-report.md")


def run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k != "SCL_DATA_DIR"}
    env["SCL_CACHE_DIR"] = str(folder.parent / "cache")
    command = [str(python()), "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=280)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    folder = tmp_path_factory.mktemp("pipeline")
    ended = play(PAGE["Four commands"], folder)
    assert len(ended) == 4 and all(done.status == 0 for done in ended), said(ended)
    assert ended[-1].output.splitlines()[-2] == "passed: exact", said(ended)
    return folder


def test_board_equals_the_golden_outputs(folder: Path) -> None:
    report = json.loads((folder / "reports/demo/validation.json").read_text())
    manifest = json.loads((folder / "bundles/demo/manifest.json").read_text())
    assert report["passed"] is True
    assert report["parity"]["max_lsb"] == 0 and report["lost"] == 0
    assert report["windows"] == 12 and report["sent"] == 12 * (1 + len(report["per_transform"]))
    assert report["parity"]["compared"] == report["sent"]
    assert report["model_hash"] == manifest["model_hash"] and report["transformation"] == "rotation"
    golden = np.load(folder / "bundles/demo/golden.npz")
    evaluation = np.load(folder / "bundles/demo/evaluation.npz")
    rows = np.arange(12) * len(evaluation["groups"]) // 12  # --limit spreads over the set
    predictions = golden["logits"][:, rows].argmax(axis=-1)
    labels = evaluation["labels"][0, rows]
    assert report["accuracy"] == pytest.approx((predictions[0] == labels).mean())
    assert report["accuracy_transformed"] == pytest.approx((predictions[1:] == labels).mean())
    assert report["consistency"] == pytest.approx((predictions[1:] == predictions[0]).mean())


@contextmanager
def monitor(folder: Path) -> Iterator[str]:
    """The address that the command prints; it ends well behind Ctrl-C."""
    command = [sys.executable, "-m", "firmware_host.monitor", "bundles/demo", "--port", "emulator"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"open (http://127\.0\.0\.1:\d+/\S+/)  \(Ctrl-C ends it\)\n", line)
            assert found, f"{line}{'' if line else process.communicate()[1]}"
            yield found[1]
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 0 and "Traceback" not in errors, errors


@pytest.mark.screenshots
def test_the_report_is_opened_and_the_watch_dragged(folder: Path, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(60_000)
    page.goto((folder / "reports/demo/validation.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    labels = json.loads((folder / "bundles/demo/manifest.json").read_text())["labels"]
    with monitor(folder) as url:
        page.goto(url)
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="From the start").click()
        expect(page.locator("#place")).to_contain_text("window 1 of ")
        card, answer = page.locator(".card"), page.locator(".card .class")
        expect(card.locator("h3")).to_contain_text("mps2-an386")
        expect(answer).to_have_text(re.compile("|".join(map(re.escape, labels))))
        expect(card.locator(".consistency")).to_have_text("nothing was moved yet")
        screenshot(page, "monitor-unturned", tmp_path)
        place = page.locator("#watch").bounding_box()
        assert place is not None
        x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 110, y + 70, steps=8)
        page.mouse.up()
        expect(page.locator("#orientation")).to_contain_text("Turned by")
        expect(card.locator(".verdict")).to_have_text(re.compile("holds|flips .*"))
        expect(card.locator(".consistency")).to_contain_text("kept their class")
        screenshot(page, "monitor-turned", tmp_path)
        page.goto("about:blank")
    page.close()


@pytest.mark.screenshots
def test_the_page_draws_its_pictures(folder: Path) -> None:
    ended = play(PAGE["What was sent, and what came back"], folder)
    assert all(done.status == 0 for done in ended), said(ended)
    text = (ROOT / "docs" / "tutorials" / "first-report.md").read_text("utf-8")
    pictures = re.findall(r"\]\(\.\./images/(first-report-\w+\.svg)\)", text)
    assert sorted(pictures) == sorted(path.name for path in folder.glob("*.svg")) and len(pictures) == 2
    for name in pictures:
        assert (IMAGES / name).is_file(), f"make screenshots draws {name}"
        if os.environ.get("SCL_SCREENSHOTS"):
            shutil.copy(folder / name, IMAGES)


def test_a_missed_threshold_is_exit_status_1(folder: Path) -> None:
    arguments = (
        "bundles/demo",
        "--port",
        "native",
        "--limit",
        "40",
        "--out",
        "reports/strict",
        "--min-accuracy",
        "1.01",
    )
    done = run(folder, "firmware_host.validate", *arguments)
    if done.returncode == 2:  # a threshold above 1 may be refused as such
        done = run(folder, "firmware_host.validate", *arguments[:-1], "1.0")
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    assert json.loads((folder / "reports/strict/validation.json").read_text())["passed"] is False


def test_a_bundle_changed_by_one_byte_is_refused(folder: Path) -> None:
    copy = folder / "bundles/changed"
    shutil.copytree(folder / "bundles/demo", copy)
    data = bytearray((copy / "golden.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "golden.npz").write_bytes(bytes(data))
    done = run(folder, "firmware_host.validate", "bundles/changed", "--port", "native", "--out", "reports/changed")
    assert done.returncode == 2
    assert "golden.npz" in done.stderr and "Traceback" not in done.stderr
    assert not (folder / "reports/changed").exists()


def test_a_recording_is_streamed_and_every_hop_is_classified(folder: Path) -> None:
    done = run(folder, "export.recording", "runs/demo", "--out", "walk.csv", "--seconds", "8", "--json")
    assert done.returncode == 0, done.stderr
    assert document(done.stdout)["samples"] == len(read_capture(folder / "walk.csv").counts)
    done = run(
        folder, "firmware_host.stream", "bundles/demo", "--port", "native", "--record", "walk.csv", "--speed", "max"
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    rows = [line for line in (folder / "walk.csv").read_text().splitlines() if line and line[0] not in "#a"]
    window = json.loads((folder / "bundles/demo/manifest.json").read_text())["window"]["samples"]
    labels = json.loads((folder / "runs/demo/run.json").read_text())["labels"]
    hops = [line for line in done.stdout.splitlines() if any(label in line for label in labels)]
    assert len(hops) >= (len(rows) - window) // (window // 4)


def test_a_stream_that_keeps_columns_gives_the_classes_of_whole_windows(folder: Path) -> None:
    """Both on the same firmware: at the export's hop it keeps columns, at half of it whole windows run. The network
    takes invariants, which the board computes, and pads with zeros, which reach most of a window of 80 samples.
    """
    training = ("runs/stream", "--epochs", "2", "--input", "invariant")
    exporting = ("--out", "bundles/stream", "--max-loss", "100", "--streaming", "16")
    for written, module, *arguments in (
        ("runs/stream/metrics.json", "train.imu", "--out", *training),
        ("runs/stream/ranges.json", "calibration.ranges", "runs/stream"),
        ("bundles/stream/export_report.json", "export.quantize", "runs/stream", *exporting),
    ):
        done = run(folder, module, *arguments, "--json")
        assert done.returncode == 0, f"{module}: {done.stdout}\n{done.stderr}"
        assert document(done.stdout) == json.loads((folder / written).read_text()), module
    for path in ("runs/stream/run.json", "bundles/stream/manifest.json"):
        file(folder / path)
    done = run(folder, "export.recording", "runs/stream", "--out", "long.csv", "--seconds", "60")
    assert done.returncode == 0, done.stderr
    bundle, record = read_run_bundle(folder / "bundles/stream"), read_capture(folder / "long.csv")
    kept = bundle.manifest.streaming
    assert bundle.manifest.default_hop == kept.hop == 16 and kept.share < 0.7 and kept.windows_compared > 100
    done = run(folder, "firmware_host.validate", "bundles/stream", "--port", "emulator", "--limit", "12")
    assert done.returncode == 0 and "passed: exact" in done.stdout, f"{done.stdout}\n{done.stderr}"
    assert json.loads((folder / "reports/stream/validation.json").read_text())["consistency"] > 0.95
    with open_board(bundle, "native") as board:
        nominal(bundle).send(board.link)
        found = {answer.end: answer.predicted for answer in stream(board, bundle, record, 16)}
        whole = {answer.end: answer.predicted for answer in stream(board, bundle, record, 8)}
        assert len(found) > 20 and len(set(found.values())) > 1
        assert found == {end: whole[end] for end in found}
        # BENCH runs a whole window where the stream's columns lie, so it ends the stream.
        next(stream(board, bundle, record, 16))
        assert len(board.link.request(Type.BENCH).payload) == 4
        with pytest.raises(InputError, match="not streaming|NOT_STREAMING|stream"):
            board.link.request(Type.SAMPLES, bytes(4 + 2 * len(record.channels)))
