"""Pictures of heartbeats: what is drawn, read back from the SVG, is the data."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from markupsafe import Markup

from scl.pages.beat_charts import Stretch, Tachogram, ecg, matrix, tachogram
from scl.pages.svg_file import svg_file

SIGNAL = np.round(np.sin(np.arange(2880) / 40) + 2 * (np.arange(2880) % 360 == 90), 3)
BEATS = ((100.25, "N"), (101.25, "S"), (102.25, "V"), (103.5, "Q"))
STRETCH = Stretch("100", 100.0, 360.0, tuple(SIGNAL.tolist()), BEATS, ((100.251, "N"), (101.3, "A&B")))


def parsed(chart: Markup) -> ET.Element:
    return ET.fromstring(str(chart))


def scale(root: ET.Element, bottom: float) -> tuple[float, float]:
    """Slope and intercept of the x axis, from its numbers."""
    marks = [(float(t.text), float(t.get("x"))) for t in root.findall("text") if float(t.get("y")) == bottom]
    numbers, places = np.array(marks).T
    slope, intercept = np.polyfit(numbers, places, 1)
    return slope, intercept


@pytest.mark.parametrize("width", [360, 720])
def test_the_beats_of_a_stretch_are_where_they_are(width: float) -> None:
    root = parsed(ecg("e", STRETCH, width))
    slope, intercept = scale(root, 36 + 130 + 14)
    for row, series in (("board", STRETCH.beats), ("truth", STRETCH.annotated)):
        letters = [t for t in root.findall("text") if t.get("class") == row]
        assert [t.text for t in letters] == [label for _, label in series]
        places = [(float(t.get("x")) - intercept) / slope for t in letters]
        assert places == pytest.approx([at for at, _ in series], abs=0.06 * 8 / slope * 1)
    dots = [(float(c.get("cx")), float(c.get("cy"))) for c in root.findall("circle")]
    assert [(x - intercept) / slope for x, _ in dots] == pytest.approx([at for at, _ in BEATS], abs=0.5 / slope)
    heights = [SIGNAL[round((at - 100) * 360)] for at, _ in BEATS]
    slope_y, intercept_y = np.polyfit(heights, [y for _, y in dots], 1)
    assert slope_y < 0 and [y for _, y in dots] == pytest.approx(np.polyval((slope_y, intercept_y), heights), abs=0.11)


def test_the_signal_keeps_its_extremes() -> None:
    """Fewer points than samples, each of which is a sample, with the largest and the least."""
    root = parsed(ecg("e", STRETCH))
    (path,) = [p for p in root.findall("path") if p.get("class") == "signal"]
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", path.get("d")), float)
    slope, intercept = scale(root, 36 + 130 + 14)
    low, high = SIGNAL.min(), SIGNAL.max()
    values = low + (high - low) * (36 + 130 - 4 - points[:, 1]) / (130 - 8)
    assert len(points) < len(SIGNAL) and (np.diff(points[:, 0]) >= 0).all()
    assert values.max() == pytest.approx(high, abs=0.02) and values.min() == pytest.approx(low, abs=0.02)
    for x, value in zip(points[::50, 0], values[::50], strict=True):
        index = ((x - intercept) / slope - 100) * 360
        near = SIGNAL[max(0, int(index) - 2) : int(index) + 4]
        assert np.abs(near - value).min() < 0.03


def test_intervals_are_read_back() -> None:
    rng = np.random.default_rng(3)
    at = np.cumsum(rng.uniform(0.4, 2.5, 900))
    rr = np.diff(at, prepend=0.0)
    labels = rng.choice(list("NSVQ"), 900, p=[0.7, 0.1, 0.1, 0.1])
    beats = tuple(zip(at.tolist(), rr.tolist(), labels.tolist(), strict=True))
    root = parsed(tachogram("t", Tachogram("219", float(at[-1]) + 1, beats)))
    slope, intercept = scale(root, 21 + 150 + 14)  # of minutes
    for label in "NSVQ":
        (path,) = [p for p in root.findall("path") if p.get("class") == f"beats {label}"]
        points = np.array(re.findall(r"M([\d.]+) ([\d.]+)", path.get("d")), float)
        assert 60 * (points[:, 0] - intercept) / slope == pytest.approx(at[labels == label], abs=60 * 0.12 / slope)
        heights = 2 * (21 + 150 - points[:, 1]) / 150
        assert heights == pytest.approx(np.minimum(rr[labels == label], 2), abs=2 * 0.06 / 150)
    counts = ", ".join(f"{(labels == label).sum()} {label}" for label in "NQSV")
    assert counts in root.find("desc").text


def test_the_matrix_has_every_count() -> None:
    counts = np.arange(49).reshape(7, 7) * 100
    counts[:, 6] = counts[6] = 0
    root = parsed(matrix("m", tuple(map(tuple, counts.tolist()))))
    texts = [t.text for t in root.findall("text")]
    assert "missed" in texts and "extra" in texts and "shutdown" not in texts
    assert [t for t in texts if re.fullmatch(r"[\d,]+", t)] == [f"{c:,}" for c in counts[:6, :6].ravel() if c]
    tints = [float(r.get("fill-opacity")) for r in root.findall("rect")]
    assert tints == pytest.approx((0.45 * counts[:6, :6] / counts[:6].sum(1, keepdims=True)).ravel(), abs=0.001)
    counts[2, 6] = 3
    assert "shutdown" in str(matrix("m", tuple(map(tuple, counts.tolist()))))


def test_a_file_of_its_own_has_both_colours_and_its_words() -> None:
    root = ET.fromstring(svg_file(ecg("e", STRETCH)))
    space = {"svg": "http://www.w3.org/2000/svg"}
    style = root.find("svg:style", space).text
    assert "prefers-color-scheme: dark" in style
    used = set(re.findall(r"var\((--\w+)\)", svg_file(ecg("e", STRETCH))))
    light, dark = style.splitlines()[1:3]
    assert used and all(f"{name}: " in light and f"{name}: " in dark for name in used)
    assert root.get("role") == "img" and root.find("svg:title", space).text == "ECG of record 100"


def test_texts_of_others_are_escaped() -> None:
    assert "A&amp;B" in str(ecg("e", STRETCH))
