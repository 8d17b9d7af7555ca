"""Files between the stages: written whole or not at all, read with every field checked, never executed.

One typed class, one writer and one reader for each file that crosses a stage.
"""

from scl.artifacts.errors import InputError, command, complain, shortened
from scl.artifacts.files import check_own, check_writable, read_bytes, replacing, sha256_bytes, sha256_file, write_bytes
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
