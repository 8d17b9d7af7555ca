"""What a validation says besides what it measured: where the model holds, what its export says, where all is from."""

import numpy as np

from firmware_host.board import Board
from firmware_host.breakdown import breakdown
from firmware_host.figures import Answers
from firmware_host.validation import Background, ExportFacts, Sources
from scl.artifacts import sha256_bytes, sha256_file
from scl.artifacts.bundle import MANIFEST, Bundle
from scl.artifacts.export_report import REPORT, Evaluation, ExportReport, read_report
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest, Int8Figures, Manifest
from scl.artifacts.provenance import Provenance, provenance
from scl.machines import QEMU
from scl.toolchain import CROSS_COMPILER, HOST_COMPILER


def background(
    bundle: Bundle[BundleManifest],
    golden: Golden,
    answers: Answers,
    board: Board,
    export: ExportFacts | None,
    command: str,
) -> Background:
    """Of a validation that has just ended; `export` is what `export_facts` read before it."""
    manifest = bundle.manifest
    sources, origin = sources_of(bundle, golden.counts, board, command)
    return Background(
        sentence="" if manifest.transformation is None else manifest.transformation.sentence,
        breakdown=breakdown(manifest, golden, answers),
        export=export,
        sources=sources,
        provenance=origin,
    )


def sources_of(
    bundle: Bundle[BundleManifest], counts: np.ndarray, board: Board, command: str
) -> tuple[Sources, Provenance]:
    """What was validated by sending `counts`, and how."""
    manifest = bundle.manifest
    compiler = None if board.firmware is None else (CROSS_COMPILER if board.emulated else HOST_COMPILER)[0]
    sources = Sources(
        bundle=sha256_file(bundle.path / MANIFEST),
        windows=sha256_bytes(np.ascontiguousarray(counts).tobytes()),
        run=manifest.run_hash if isinstance(manifest, Manifest) else None,
        firmware=None if board.firmware is None else sha256_file(board.firmware),
        seed=manifest.seed,
    )
    return sources, provenance(command, compiler, QEMU[0] if board.emulated else None)


def export_facts(bundle: Bundle[BundleManifest]) -> ExportFacts | None:
    """What the bundle's export report says; None of a bundle without one. Raises InputError if it is damaged."""
    if REPORT not in bundle.manifest.files:
        return None
    report = read_report(bundle)
    exact: Int8Figures | None
    if isinstance(report, ExportReport):
        evaluation = report.evaluation
        exact, int8, losses = _figures(evaluation, "float"), _figures(evaluation, "int8"), evaluation.loss_points
    else:
        exact = None if report.float_model is None else report.float_model.figures
        int8, losses = report.int8, None
    return ExportFacts(
        float=exact,
        int8=int8,
        losses=losses,
        cost=report.cost,
        board=report.board,
        layers=report.layers,
        memory_map=report.memory_map,
        provenance=report.provenance,
    )


def _figures(evaluation: Evaluation, name: str) -> Int8Figures:
    return Int8Figures(evaluation.windows, evaluation.copies, **vars(getattr(evaluation, name)))
