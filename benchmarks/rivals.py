"""The instructions of other engines on the networks of benchmarks/device.py, recorded once, beside this engine's.

results/rivals.json says with what they were counted: nothing here installs or runs another engine. The fair rival is
CMSIS-NN called directly from plain C, as a compiler for one network would call it. TensorFlow Lite Micro runs the same
kernels behind its interpreter, and a third of the trial's instructions is its unoptimized MEAN. cmsis_nn.py counts
CMSIS-NN by layer.
"""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "rivals.json"
DIRECT = "CMSIS-NN called directly"


def table(networks: dict[str, dict[str, Any]], others: dict[str, dict[str, int]]) -> str:
    """Markdown: for each network and core the instructions of this engine and of the recorded ones, and the ratio of
    those of CMSIS-NN called directly to this engine's; `networks` and `others` are those of results/device.json.
    """
    recorded = json.loads(RESULTS.read_text(encoding="utf-8"))
    cores = {"Cortex-M4F": lambda name: networks[name]["instructions"]}
    cores["Cortex-M55"] = lambda name: others[name]["mps3-an547"]
    engines = sorted({row["engine"] for row in recorded["rows"]} - {DIRECT})
    lines = [f"| network | core | this engine | {DIRECT} | ratio | {' | '.join(engines)} |"]
    lines.append("|" + " --- |" * (5 + len(engines)))
    for core, ours in cores.items():
        for name in networks:
            rows = [row for row in recorded["rows"] if (row["network"], row["core"]) == (name, core)]
            counts = {row["engine"]: row["instructions"] for row in rows}
            each = [f"{counts[engine]:,}" if engine in counts else "" for engine in engines]
            ratio = f"{counts[DIRECT] / ours(name):.2f}"
            cells = [name, core, f"{ours(name):,}", f"{counts[DIRECT]:,}", ratio, *each]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
