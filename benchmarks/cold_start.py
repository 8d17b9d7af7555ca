"""What strips cost whose filters have not settled, against ones that carry their five seconds: cold_start.json.

    python benchmarks/cold_start.py bundles/demo-strip

The bundle's own windows, through the numpy front end and TensorFlow Lite Micro. A cold start begins with the window:
the high-pass from a state of zeros, as a filter that is switched on, or from the steady state of its first sample.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from export.proof.runtimes import run_tflite_micro
from scl.artifacts import write_json
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden
from scl.frontend.chain import FrontEnd
from scl.frontend.spec import FrontEndSpec

RESULTS = Path(__file__).parent / "results" / "cold_start.json"
LATER_S = 2.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("bundle", type=Path, help="of ECG strips")
    arguments = options.parse_args()
    bundle = read_run_bundle(arguments.bundle)
    spec = bundle.manifest.frontend
    counts = read_golden(bundle).counts[0]
    warm = FrontEnd.from_spec(spec)
    if warm.band is None or spec.band is None:
        options.error(f"{arguments.bundle} has no band-pass that could settle")
    zeros = replace(warm, band=replace(warm.band, steady=np.zeros_like(warm.band.steady)))
    skipped = (
        (warm.resampler.before(round(spec.band.warmup_s * spec.model_rate_hz)) - warm.resampler.before(0))
        * spec.resampling.down
        // spec.resampling.up
    )
    starts = {"warm": (warm, 0), "steady": (warm, skipped), "zeros": (zeros, skipped)}
    signals = {name: signal(end, counts[:, skip:]) for name, (end, skip) in starts.items()}
    tflite = (arguments.bundle / "model.tflite").read_bytes()
    classes = {
        name: run_tflite_micro(tflite, network_input(spec, x))["logits"].argmax(axis=1) for name, x in signals.items()
    }
    later = round(LATER_S * spec.model_rate_hz)
    rows = []
    for name in ("steady", "zeros"):
        error = np.abs(signals[name] - signals["warm"])[:, :, 0]
        rows.append(
            {
                "start": name,
                "largest_mv_median": float(np.median(error.max(axis=1))),
                "largest_mv_p95": float(np.percentile(error.max(axis=1), 95)),
                f"largest_mv_p95_after_{LATER_S:g}_s": float(np.percentile(error[:, later:].max(axis=1), 95)),
                "other_class": float((classes[name] != classes["warm"]).mean()),
            }
        )
    write_json(
        RESULTS,
        {"kind": "benchmark", "schema": 1, "windows": len(counts), "method": bundle.manifest.method, "rows": rows},
    )
    print(table(rows))


def signal(end: FrontEnd, counts: np.ndarray) -> np.ndarray:
    """The band-passed windows (n, samples, channels) in SI units."""
    return end.signals(counts)[:, -end.spec.window_samples :]


def network_input(spec: FrontEndSpec, x: np.ndarray) -> np.ndarray:
    """The network's input of band-passed windows."""
    scaled = x / np.array(spec.std) * spec.inv_input_scale
    return np.clip(np.rint(scaled) + spec.input_zero_point, -128, 127).astype(np.int8)


def table(rows: list[dict]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + " --- |" * len(rows[0])]
    for row in rows:
        lines.append("| " + " | ".join(v if isinstance(v, str) else f"{v:.3f}" for v in row.values()) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
