"""Writes a validation report: validation.json, windows.csv, battery.csv where a battery was played, and a page that
needs no other file.
"""

from pathlib import Path

from firmware_host.figures import Answers
from firmware_host.validation import REPORT, Validation
from firmware_host.windows_file import BATTERY, WINDOWS, windows_csv
from scl.artifacts import write_artifact, write_bytes
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest

PAGE = "validation.html"


def write_report(
    folder: Path, validation: Validation, manifest: BundleManifest, golden: Golden, answers: Answers
) -> None:
    """The page, validation.json and windows.csv into `folder`."""
    from firmware_host.validation_page import page

    write_artifact(folder / REPORT, validation)
    write_bytes(folder / WINDOWS, windows_csv(manifest, golden, answers).encode())
    write_bytes(folder / PAGE, page(validation).encode())


def write_battery(folder: Path, manifest: BundleManifest, golden: Golden, answers: Answers) -> None:
    """battery.csv: one row for each window and nuisance, with the columns of windows.csv."""
    write_bytes(folder / BATTERY, windows_csv(manifest, golden, answers).encode())
