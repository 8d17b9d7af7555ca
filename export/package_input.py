"""What a package's texts say of a model's input: a sensor's counts, or the network's own."""

from dataclasses import dataclass

from scl.artifacts.manifest import BundleManifest, Manifest
from scl.frontend.spec import FrontEndSpec
from scl.text import markdown

ELSEWHERE = "Runs a network of {} outputs on a microcontroller; it was made elsewhere."


@dataclass(frozen=True)
class InputText:
    """Words of the templates.

    Attributes:
        sensor: whose samples the model takes.
        sentence: what the model does.
        table: rows of the README.
        value: a value's C type; values: what a sample is, in a comment.
    """

    sensor: str
    sentence: str
    table: str
    value: str
    values: str


def input_text(manifest: BundleManifest) -> InputText:
    """For a bundle of a run, or of a model from elsewhere."""
    return _tensor(manifest) if manifest.frontend is None else _counts(manifest, manifest.frontend)


def _counts(manifest: BundleManifest, spec: FrontEndSpec) -> InputText:
    run = manifest if isinstance(manifest, Manifest) else None
    channels = ", ".join(run.window.channels) if run else ", ".join(part.kind for part in spec.sensor.parts)
    scales = "; ".join(
        f"{part.kind} {part.unit_per_count:.6g} {part.si_unit} a count, {part.count_range[0]:,} to "
        f"{part.count_range[1]:,}"
        for part in spec.sensor.parts
    )
    warm_up = spec.band.warmup_s if spec.band else 0
    rate = f"{spec.model_rate_hz:g} Hz"
    settling = f"; what is said in its first {warm_up:g} s more, the filters still settle" if warm_up else ""
    kept = "; from hop to hop the network's columns are kept" if manifest.streaming else ""
    order = f"counts of {manifest.values} channels in the order {markdown(channels)}"
    due = (
        ("window", f"{manifest.window_samples} samples at {rate}; the first class is due after one{settling}"),
        ("next class", f"every {manifest.default_hop} samples at {rate} by default{kept}"),
    )
    if spec.beats is not None:
        due = (
            ("heartbeats", "found by the model; `scl_model_beat` has one's place and interval, `scl_model_rhythm` the "
             "rhythm behind it"),
            ("next class", f"with each beat{', when the next one was measured' * spec.beats.next_interval}{settling}"),
        )  # fmt: skip
    rows = (
        ("sensor", f"{markdown(spec.sensor.name)}, {spec.sensor.rate_hz:g} Hz, {order}"),
        ("counts", scales),
        *due,
    )
    sentence = ELSEWHERE.format(manifest.outputs.logits.size)
    if run is not None:
        sentence = (
            f"Classifies {len(run.labels)} kinds of {run.task} windows on a microcontroller, trained to keep its "
            f"answer under {run.transformation.sentence}."
        )
    values = f"counts[{manifest.values}] of one sample, as the sensor gives them"
    return InputText(spec.sensor.name, sentence, _table(rows), "int16_t", values)


def _tensor(manifest: BundleManifest) -> InputText:
    source, samples, values = manifest.input, manifest.window_samples, manifest.values
    rows = (
        ("input", f"the network's own, int8: {values} values a sample, value = {source.scale:.9g} x (q - "
         f"({source.zero_point}))"),
        ("window", f"{samples} samples; the first class is due after one"),
        ("next class", f"every {manifest.default_hop} samples by default"),
    )  # fmt: skip
    return InputText(
        "the network's int8 input",
        ELSEWHERE.format(manifest.outputs.logits.size),
        _table(rows),
        "int8_t",
        f"values[{values}] of one sample, quantized",
    )


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"| {name} | {text} |" for name, text in rows)
