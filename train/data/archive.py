"""The files of a set of recordings: those of a folder, or of a zip with any compression that Python reads.

Nothing outside the folder is read, and no file that is larger than recordings are.
"""

import io
import lzma
import zipfile
from collections.abc import Iterable
from pathlib import Path

from scl.artifacts import ZIP_ERRORS, InputError, read_bytes, sha256_bytes, sha256_file
from scl.artifacts.files import file_inside

MOST_BYTES = 1 << 28  # the largest recording of the sets read here has 4 MB
DAMAGED = (*ZIP_ERRORS, lzma.LZMAError)


class Archive:
    """A folder or a zip.

    Args:
        path: of the folder or zip, for messages too.
        advice: what to do where it is none, for the message.
        packed: the zip's bytes, if it lies in another zip.

    Attributes:
        names: paths of its files.

    Raises:
        InputError: neither.
    """

    def __init__(self, path: Path, advice: str, packed: bytes | None = None) -> None:
        self.path = path
        self.zip: zipfile.ZipFile | None = None
        if path.is_dir():
            self.names = [p.relative_to(path).as_posix() for p in sorted(path.rglob("*")) if p.is_file()]
        elif path.is_file():
            try:
                self.zip = zipfile.ZipFile(path if packed is None else io.BytesIO(packed))
                self.names = sorted(self.zip.namelist())
            except DAMAGED as error:
                raise InputError(f"{path}: is not a whole zip file ({error}); {advice}") from error
        else:
            raise InputError(f"{path}: no such file or folder; {advice}")

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """A file's bytes. Raises InputError if it is damaged or has more than `most` bytes."""
        if self.zip is None:
            return read_bytes(self._file(name), most, "a file of recordings")
        try:
            member = self.zip.getinfo(name)
            if member.file_size <= most:
                with self.zip.open(member) as file:
                    return file.read()  # checks its CRC, and reads no more than it said
        except DAMAGED as error:
            raise InputError(f"{self.path}: {name} is damaged ({error}); download it again") from error
        raise InputError(
            f"{self.path}: {name} has {member.file_size:,} bytes, expected at most {most:,}; download it again"
        )

    def checksum(self, names: Iterable[str]) -> str:
        """SHA-256 of the zip, or of the named files' checksums if the source is a folder."""
        if self.zip is not None:
            return sha256_file(self.path)
        return sha256_bytes("".join(sha256_file(self._file(name)) for name in sorted(names)).encode())

    def _file(self, name: str) -> Path:
        return file_inside(self.path, name, "download it again")
