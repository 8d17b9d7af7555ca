"""The files of a set of recordings: those of a folder, or of a zip with any compression that Python reads.

Nothing outside the folder is read, and no file that is larger than recordings are.
"""

import bz2
import copy
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from scl.artifacts import ZIP_ERRORS, InputError, read_bytes, sha256_bytes, sha256_file
from scl.artifacts.files import file_inside

MOST_BYTES = 1 << 28  # the largest recording of the sets read here has 4 MB
MOST_DICTIONARY_BYTES = 1 << 28  # that LZMA may ask for
DAMAGED = (*ZIP_ERRORS, lzma.LZMAError)


def names_in(path: Path) -> list[str]:
    """Paths of the files of a folder or zip; none where it is neither."""
    try:
        return Archive(path, "").names
    except InputError:
        return []


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
            self.size = path.stat().st_size if packed is None else len(packed)
            try:
                self.zip = zipfile.ZipFile(path if packed is None else io.BytesIO(packed))
                self.names = sorted(self.zip.namelist())
            except DAMAGED as error:
                raise InputError(f"{path}: is not a whole zip file ({error}); {advice}") from error
        else:
            found = "is a device or a pipe" if path.exists() else "no such file or folder"
            raise InputError(f"{path}: {found}; {advice}")

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """A file's bytes. Raises InputError if it is damaged or has more than `most` bytes."""
        if self.zip is None:
            return read_bytes(self._file(name), most, "a file of recordings")
        try:
            member = self.zip.getinfo(name)
            if member.file_size <= most:
                return _unpacked(self.zip, member, self.size)
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


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> bytes:
    """The bytes of a member of a zip of `size` bytes. ZipFile.read unpacks all that a member holds, however little it
    says: of bzip2, 4 kB may hold gigabytes.

    Raises what DAMAGED holds.
    """
    if member.compress_size > size:
        raise zipfile.BadZipFile(f"{member.compress_size:,} packed bytes in a file of {size:,}")
    stored = copy.copy(member)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, member.compress_size
    del stored.CRC  # that of the unpacked bytes
    with archive.open(stored) as file:
        packed = file.read()
    most = member.file_size + 1
    if member.compress_type == zipfile.ZIP_STORED:
        data = packed
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
    elif member.compress_type == zipfile.ZIP_BZIP2:
        data = bz2.BZ2Decompressor().decompress(packed, most)
    elif member.compress_type == zipfile.ZIP_LZMA:
        # Behind two numbers, of which the second is 5, as in a file of its own but for the size, here unknown.
        alone = packed[4:9] + b"\xff" * 8 + packed[9:]
        data = lzma.LZMADecompressor(lzma.FORMAT_ALONE, MOST_DICTIONARY_BYTES).decompress(alone, most)
    else:
        raise zipfile.BadZipFile(f"compression method {member.compress_type}, expected 0, 8, 12 or 14")
    if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
        raise zipfile.BadZipFile("another size or CRC-32 than it says")
    return data
