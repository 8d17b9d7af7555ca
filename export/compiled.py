"""A model's C, compiled, and what it takes of the reference board."""

import tempfile
from pathlib import Path

from export.cost import size, table
from export.cost.budget import Budget
from export.cost.instructions import DeviceCost, measure
from export.cost.reference import cost_of
from export.model import Model
from export.proof.c_engine import CEngine, build_library
from scl.artifacts.export_report import LayerRow
from scl.artifacts.manifest import Cost
from scl.progress import Steps


def compiled(
    model: Model, folder: Path, budget: Budget | None, watch: Steps
) -> tuple[CEngine, DeviceCost, Cost, tuple[LayerRow, ...]]:
    """The model's C as a library here, and what it takes of the reference board, in all and by layer.

    Raises ExportError for a model beyond the budget.
    """
    with watch.step("compile"), tempfile.TemporaryDirectory() as build:
        engine = CEngine(build_library(folder / "c", Path(build)))
        on_device = measure(folder / "c", Path(build))
        cost = cost_of(model.network.network, model.memory.size, size.measure(folder / "c"), on_device)
    rows = table.layer_rows(model.network, model.memory, on_device.layers)
    if budget is not None:
        budget.require(cost, rows)
    return engine, on_device, cost, rows
