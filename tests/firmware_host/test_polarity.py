"""Which way R peaks point: against the sign of the feature itself, and in a recording that is turned round."""

import numpy as np
import pytest

from firmware_host.beat_lines import beat_answer, rhythm_answer, summary
from firmware_host.polarity import downward, points_down
from scl.frontend.beats import BeatInput
from tests.firmware.beat_model import BeatModel, found, recording


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return recording(0.7)


@pytest.mark.parametrize(
    ("measured", "name"), [("features", "upright_t"), ("causal", "upright_t"), ("waveform", "sample_0")]
)
def test_it_is_the_sign_of_the_template_or_the_beat(counts: np.ndarray, measured: BeatInput, name: str, tmp_path):
    model = BeatModel.of(counts, measured)
    beats, records = found(counts, model.spec), model.expected(counts)
    place = model.spec.beats.names.index(name)
    values = beats.values[:, place]
    assert len(records) == len(values) > 20
    step = model.spec.std[place] / model.spec.inv_input_scale  # of the input, in the feature's own unit
    manifest = model.manifest(tmp_path)
    for record, value in zip(records, values, strict=True):
        if abs(value) > step:
            assert points_down(record, manifest) == (value < 0)


@pytest.mark.parametrize("measured", ["causal", "waveform", "both"])
def test_a_lead_turned_round_is_turned_round(counts: np.ndarray, measured: BeatInput, tmp_path) -> None:
    model = BeatModel.of(np.concatenate([counts, 2048 - counts]), measured)
    manifest = model.manifest(tmp_path)
    upright, turned = (model.expected(x.astype(np.int16)) for x in (counts, 2048 - counts))
    assert downward(upright, manifest) < 0.1 and downward(turned, manifest) > 0.9
    assert not any("inverted" in text for text in summary(upright, manifest))
    assert sum("R peaks point down around" in text for text in summary(turned, manifest)) == 1
    with pytest.raises(ValueError, match="no beats"):
        downward([], manifest)


def test_it_is_not_said_where_the_polarity_is_corrected(counts: np.ndarray, tmp_path) -> None:
    model = BeatModel.of(counts, "causal", corrected=True)
    turned = model.expected((2048 - counts).astype(np.int16))
    manifest = model.manifest(tmp_path)
    assert len(turned) > 20 and downward(turned, manifest) is None and points_down(turned[0], manifest) is None
    assert not any("R peaks" in text for text in summary(turned, manifest))
    answer = rhythm_answer(turned, manifest)
    assert answer is not None and answer.downward is None and beat_answer(turned[0], manifest).points_down is None
