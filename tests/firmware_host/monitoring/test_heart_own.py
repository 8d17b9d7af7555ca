"""Heartbeats of the board's own sensor: what is shown and kept."""

import json
from dataclasses import replace

import numpy as np

from firmware_host.monitoring.heart_own import OwnHeart
from firmware_host.monitoring.heart_state import about_heart, state_heart
from firmware_host.monitoring.messages import Disturb, Play, Press
from firmware_host.own_sensor import Block
from tests.firmware_host.monitoring.parts import Clock


def test_samples_and_beats_of_a_sensor(heart):
    own, counts, beats = OwnHeart(heart.bundle.manifest, Clock()), heart.counts[0], heart.beats[0]
    own.greeted(0, "fake")
    own.order(Press("press", "record"))
    for start in range(0, 6000, 16):
        own.take_block(Block(start, 0, counts[start : start + 16]))
        for beat in beats:
            if start < beat.end <= start + 16:
                own.take_beat(beat, 2)
    np.testing.assert_array_equal(own.counts, counts[6000 - 2880 : 6000])
    np.testing.assert_array_equal(own.capture().counts, counts[:6000])
    now = json.loads(json.dumps(state_heart(own), allow_nan=False))
    shown = [b for b in beats if b.sample >= 6000 - 2880 and b.end <= 6000]
    assert [beat["seconds"] for beat in now["beats"]] == [b.sample / 360 for b in shown] and len(shown) > 5
    assert now["place"] == "2 beats lost on the line; 0 samples lost on the board"
    assert now["agreement"] is None and now["truth"] == [] and not about_heart(own)["recordings"]
    own.order(Disturb("disturb", 2.0, 0.0, False))
    own.order(Play("recording", 1))
    assert state_heart(own)["disturbance"]["gain"] == 1.0
    own.take_block(Block(6100, 100, counts[6100:6116]))  # behind a gap the picture begins anew
    np.testing.assert_array_equal(own.counts, counts[6100:6116])
    assert own.capture().dropped == 100 and "100 samples lost" in state_heart(own)["place"]
    own.take_beat(replace(beats[-1], sample=6105), 2)
    assert state_heart(own)["rhythm"] is not None
    own.order(Press("press", "stop"))
    own.lost(0, "port fake: gone")
    own.greeted(0, "fake")
    assert not own.beats and not len(own.counts) and not own.kept.on and own.dropped == 0
