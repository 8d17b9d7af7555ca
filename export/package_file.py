"""scl_package.json, which marks a package's folder, and what `export.package --json` says of the folder."""

from dataclasses import dataclass

from scl.answers import Document
from scl.artifacts.fields import Line, Sha256
from scl.artifacts.json_files import Artifact


@dataclass(frozen=True)
class PackageFacts(Artifact):
    """scl_package.json: what the package is called, its build system, and the model in it."""

    name: Line
    target: Line
    model_hash: Sha256

    kind = "package"
    schema = 1
    advice = "package the bundle again with python -m export.package"


@dataclass(frozen=True)
class PackageFolder(Document):
    """A package that was written: its folder, how many files, and their bytes together."""

    path: str
    package: PackageFacts
    files: int
    bytes: int

    kind = "package_folder"
    schema = 1
