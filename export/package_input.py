"""What a package's texts say of a model's input: a sensor's counts, or the network's own."""

from dataclasses import dataclass

from scl.artifacts.manifest import BundleManifest, Manifest
from scl.text import markdown


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
    return _counts(manifest) if isinstance(manifest, Manifest) else _tensor(manifest)


def _counts(manifest: Manifest) -> InputText:
    window, spec, streaming = manifest.window, manifest.frontend, manifest.streaming
    scales = "; ".join(
        f"{part.kind} {part.unit_per_count:.6g} {part.si_unit} a count, {part.count_range[0]:,} to "
        f"{part.count_range[1]:,}"
        for part in spec.sensor.parts
    )
    warm_up = spec.band.warmup_s if spec.band else 0
    settling = f"; what is said in its first {warm_up:g} s more, the filters still settle" if warm_up else ""
    kept = "; from hop to hop the network's columns are kept" if streaming else ""
    channels = f"counts of {len(window.channels)} channels in the order {markdown(', '.join(window.channels))}"
    rows = (
        ("sensor", f"{markdown(spec.sensor.name)}, {spec.sensor.rate_hz:g} Hz, {channels}"),
        ("counts", scales),
        ("window", f"{window.samples} samples at {window.rate_hz:g} Hz; the first class is due after one{settling}"),
        ("next class", f"every {default_hop(manifest)} samples at {window.rate_hz:g} Hz by default{kept}"),
    )
    sentence = (
        f"Classifies {len(manifest.labels)} kinds of {manifest.task} windows on a microcontroller, trained to keep its "
        f"answer under {manifest.transformation.sentence}."
    )
    values = f"counts[{len(window.channels)}] of one sample, as the sensor gives them"
    return InputText(spec.sensor.name, sentence, _table(rows), "int16_t", values)


def _tensor(manifest: BundleManifest) -> InputText:
    source, samples, values = manifest.input, manifest.window_samples, manifest.values
    rows = (
        ("input", f"the network's own, int8: {values} values a sample, value = {source.scale:.9g} x (q - "
         f"({source.zero_point}))"),
        ("window", f"{samples} samples; the first class is due after one"),
        ("next class", f"every {default_hop(manifest)} samples by default"),
    )  # fmt: skip
    sentence = f"Runs a network of {len(manifest.labels)} outputs on a microcontroller; it was made elsewhere."
    return InputText(
        "the network's int8 input", sentence, _table(rows), "int8_t", f"values[{values}] of one sample, quantized"
    )


def default_hop(manifest: BundleManifest) -> int:
    """SCL_DEFAULT_HOP of firmware/src/app/model.h."""
    return manifest.streaming.hop if manifest.streaming else -(-manifest.window_samples // 4)


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"| {name} | {text} |" for name, text in rows)
