"""Files between the stages: written whole or not at all, read with every field checked, never executed.

One typed class, one writer and one reader for each file that crosses a stage. The names below are imported when they
are asked for, so that a command's help needs neither numpy nor pydantic.
"""

from typing import TYPE_CHECKING

from scl.lazy import importer

if TYPE_CHECKING:
    from scl.artifacts.errors import InputError, command, complain, shortened
    from scl.artifacts.files import (
        check_own,
        check_writable,
        read_bytes,
        replacing,
        sha256_bytes,
        sha256_file,
        write_bytes,
    )
    from scl.artifacts.folders import check_replaceable, folder, kinds_in, remove_folder, replace_folder
    from scl.artifacts.hidden import sweep
    from scl.artifacts.json_files import Artifact, read_artifact, read_json, write_artifact, write_json
    from scl.artifacts.npz_files import ZIP_ERRORS, Array, read_arrays, read_npz, write_npz
    from scl.artifacts.os_errors import WriteError, writing
    from scl.artifacts.toml_files import read_toml, read_typed_toml

__all__ = [
    "ZIP_ERRORS",
    "Array",
    "Artifact",
    "InputError",
    "WriteError",
    "check_own",
    "check_replaceable",
    "check_writable",
    "command",
    "complain",
    "folder",
    "kinds_in",
    "read_arrays",
    "read_artifact",
    "read_bytes",
    "read_json",
    "read_npz",
    "read_toml",
    "read_typed_toml",
    "remove_folder",
    "replace_folder",
    "replacing",
    "sha256_bytes",
    "sha256_file",
    "shortened",
    "sweep",
    "write_artifact",
    "write_bytes",
    "write_json",
    "write_npz",
    "writing",
]

__getattr__ = importer(
    __name__,
    {
        "Array": "scl.artifacts.npz_files",
        "Artifact": "scl.artifacts.json_files",
        "InputError": "scl.artifacts.errors",
        "WriteError": "scl.artifacts.os_errors",
        "ZIP_ERRORS": "scl.artifacts.npz_files",
        "check_own": "scl.artifacts.files",
        "check_replaceable": "scl.artifacts.folders",
        "check_writable": "scl.artifacts.files",
        "command": "scl.artifacts.errors",
        "complain": "scl.artifacts.errors",
        "folder": "scl.artifacts.folders",
        "kinds_in": "scl.artifacts.folders",
        "read_arrays": "scl.artifacts.npz_files",
        "read_artifact": "scl.artifacts.json_files",
        "read_bytes": "scl.artifacts.files",
        "read_json": "scl.artifacts.json_files",
        "read_npz": "scl.artifacts.npz_files",
        "read_toml": "scl.artifacts.toml_files",
        "read_typed_toml": "scl.artifacts.toml_files",
        "remove_folder": "scl.artifacts.folders",
        "replace_folder": "scl.artifacts.folders",
        "replacing": "scl.artifacts.files",
        "sha256_bytes": "scl.artifacts.files",
        "sha256_file": "scl.artifacts.files",
        "shortened": "scl.artifacts.errors",
        "sweep": "scl.artifacts.hidden",
        "write_artifact": "scl.artifacts.json_files",
        "write_bytes": "scl.artifacts.files",
        "write_json": "scl.artifacts.json_files",
        "write_npz": "scl.artifacts.npz_files",
        "writing": "scl.artifacts.os_errors",
    },
)
