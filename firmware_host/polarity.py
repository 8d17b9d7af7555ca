"""Which way the R peaks of a stream point. A beat is measured against the running template of the patient's beats, and
one of its features, `upright_t`, is the template's largest sample less its least one's size: below 0 the usual R peak
points down. It is among the network's inputs, so every record of a beat has it. Of a model of waveforms alone the sign
of the beat's own R peak, `sample_0`, stands for it.

In a lead in which R peaks point up, such as II, that names an inverted lead. In V1 they point down in most people. A
model whose training beats were so alike that 0 lies outside its input's range does not see it, nor does one with
corrected polarity, whose features do not have the lead's sign.
"""

from collections.abc import Sequence

from firmware_host.beats import BeatRecord
from firmware_host.playing_beats import spec_of
from scl.artifacts.manifest import BundleManifest

FEATURE, R_PEAK = "upright_t", "sample_0"


def points_down(record: BeatRecord, manifest: BundleManifest) -> bool | None:
    """Whether the patient's usual R peak points down, up to this beat; to half a step of the network's input. None of
    beats with corrected polarity, which do not say it.
    """
    spec = spec_of(manifest)
    assert spec.beats is not None  # as of all bundles of beats
    if spec.beats.polarity_corrected:
        return None
    names = spec.beats.names
    place = names.index(FEATURE if FEATURE in names else R_PEAK)
    deviations = (int(record.inputs[place]) - spec.input_zero_point) / spec.inv_input_scale
    return spec.mean[place] + deviations * spec.std[place] < 0


def downward(records: Sequence[BeatRecord], manifest: BundleManifest) -> float | None:
    """The share of beats of which that is so; None where it is not known. ValueError without a beat."""
    if not records:
        raise ValueError("there are no beats")
    known = [down for down in (points_down(record, manifest) for record in records) if down is not None]
    return sum(known) / len(known) if known else None
