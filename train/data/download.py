"""Fetches official data sets: the WISDM archive, and the files of MIT-BIH.

The UCI repository serves WISDM as one zip with wisdm-dataset.zip inside; both are read as they are. PhysioNet serves
MIT-BIH file by file.
"""

import os
import re
import stat
import sys
import zipfile
from contextlib import redirect_stdout
from pathlib import Path

from scl import artifacts
from scl.artifacts import InputError, read_bytes, replacing, sha256_file, shortened, write_bytes
from scl.artifacts.fields import is_sha256
from scl.text import say
from train.data import mitdb
from train.data.archive import DAMAGED
from train.data.wisdm import DOWNLOADED

URL = (
    "https://archive.ics.uci.edu/static/public/507/wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip"
)
PHYSIONET_SUMS = "SHA256SUMS.txt"
MOST_BYTES = 2 << 30  # of WISDM's archive, unpacked; it has 0.3 GB
MOST_RECORDS = 1000
MOST_MARK_BYTES = 1000
RECORD = re.compile("[0-9]{1,9}")


def download(folder: str | Path, url: str = URL, sha256: str | None = None) -> Path:
    """Downloads the archive into `folder`, with a progress bar, and returns its path; a whole file that is there is
    kept.

    The repository publishes no checksum. So unless `sha256` is given, a first download is checked member by member
    (the CRCs of the zip format) and its SHA-256 is written to `<file>.sha256`; later calls hold the file against
    that. A transfer that breaks leaves no file.

    Raises:
        InputError: no connection, a broken transfer, another checksum, not a whole zip of plain files, or no room.
    """
    folder = Path(folder)
    path, mark = folder / DOWNLOADED, folder / f"{DOWNLOADED}.sha256"
    known = sha256 or (_marked(mark) if os.path.lexists(mark) else None)
    if not path.is_file() or (known is not None and sha256_file(path) != known):
        with replacing(path) as temporary:
            _fetch(url, temporary)
            came = sha256_file(temporary)
            if known is not None and came != known:
                raise InputError(
                    f"{url}: what came has another SHA-256 ({came}) than {known}; if the publisher changed the file, "
                    f"remove {mark}"
                )
    if known is None:
        _check(path, url)
        write_bytes(mark, f"{sha256_file(path)}  {DOWNLOADED}\n".encode())
    return path


def _marked(mark: Path) -> str:
    """The SHA-256 that a file beside the archive holds."""
    text = read_bytes(mark, MOST_MARK_BYTES, "the archive's SHA-256").decode("ascii", "replace")
    found = (text.split() or [""])[0]
    if not is_sha256(found):
        raise InputError(f"{mark}: begins with {shortened(found)}, expected the archive's SHA-256; remove it")
    return found


def _fetch(url: str, path: Path) -> None:
    """Downloads into a file, with a progress bar."""
    import pooch
    import requests

    try:
        pooch.HTTPDownloader(progressbar=True, timeout=60)(url, str(path), None)
    except requests.RequestException as error:
        raise InputError(
            f"{url}: could not be downloaded ({error}); try again, or download it by hand and give --data FILE"
        ) from error


def _check(path: Path, url: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = _odd_member(archive, path.stat().st_size) or archive.testzip()
    except DAMAGED as error:
        damaged = str(error)
    if damaged is not None:
        path.unlink()
        raise InputError(f"{url}: what came is not a whole zip ({damaged}); it was removed, try again")


def _odd_member(archive: zipfile.ZipFile, size: int) -> str | None:
    """What in an archive of `size` bytes is no plain file of a data set: a link or device, a path that leads out of the
    folder it is unpacked to, or a bomb. Nothing is unpacked.
    """
    members = archive.infolist()
    for member in members:
        kind, parts = stat.S_IFMT(member.external_attr >> 16), member.filename.replace("\\", "/").split("/")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            return f"{member.filename!r} is a link or a device"
        if ".." in parts or not parts[0] or parts[0].endswith(":"):
            return f"{member.filename!r} leads out of its folder"
    packed, unpacked = sum(member.compress_size for member in members), sum(member.file_size for member in members)
    if packed > size or unpacked > MOST_BYTES:
        return f"its members claim {packed:,} bytes packed and {unpacked:,} unpacked, expected at most {MOST_BYTES:,}"
    return None


def download_mitdb(folder: str | Path) -> Path:
    """Downloads the 48 records of MIT-BIH, about 100 MB, as they lie at PhysioNet, and returns the folder; a database
    that is there is kept.

    wfdb checks nothing of what it fetches, and writes where the server's headers say. So the files are named here, each
    is held against PhysioNet's list of SHA-256, and then all are loaded. They are fetched into a folder beside, which
    takes its name at the end: a transfer that breaks leaves nothing.

    Raises:
        InputError: no connection, a broken transfer, a file that is missing or another than published, or a folder
            that holds something else.
    """
    import wfdb
    from wfdb.io import download as physionet

    folder = Path(folder)
    if (folder / "RECORDS").is_file():
        return folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: holds something else than MIT-BIH (no RECORDS); move it away, then try again")
    url = f"{physionet.config.db_index_url}mitdb"
    with artifacts.folder(folder) as temporary:
        try:
            with redirect_stdout(sys.stderr):
                wfdb.dl_files("mitdb", str(temporary), ["RECORDS", "ANNOTATORS", PHYSIONET_SUMS])
                records = _records(temporary / "RECORDS")
                say(f"records {' '.join(records)}")
                files = [f"{record}.{suffix}" for record in records for suffix in ("hea", "dat", "atr")]
                wfdb.dl_files("mitdb", str(temporary), files)
        except Exception as error:  # wfdb raises whatever its requests and its parsing meet
            if isinstance(error, OSError) and error.errno is not None:  # of the disk, not of the line
                raise
            raise InputError(
                f"{url}: could not be downloaded ({type(error).__name__}: {error}); try again, or download it by hand "
                "and give --data FOLDER"
            ) from error
        try:
            _check_sums(temporary)
            mitdb.load(temporary)
        except InputError as error:
            raise InputError(
                f"{url}: what came is not the whole database ({error}); nothing of it was kept, try again"
            ) from error
    return folder


def _records(path: Path) -> list[str]:
    """The records that the server lists. Raises ValueError unless they are numbers: they name files here."""
    names = path.read_text("ascii", "replace").split()
    odd = [name for name in names if not RECORD.fullmatch(name)]
    if odd or len(names) > MOST_RECORDS:
        raise ValueError(f"RECORDS names {len(names)} records, {shortened(odd[:3])} among them, expected numbers")
    return names


def _check_sums(folder: Path) -> None:
    """Raises InputError unless every file in the folder has the SHA-256 that the publisher's list names."""
    lines = (folder / PHYSIONET_SUMS).read_text("utf-8", "replace").splitlines()
    published = {name.strip(): sha256 for sha256, _, name in (line.partition(" ") for line in lines)}
    for path in sorted(folder.iterdir()):
        found, expected = sha256_file(path), published.get(path.name)
        if path.name != PHYSIONET_SUMS and found != expected:
            raise InputError(f"{path.name} has SHA-256 {found}, {PHYSIONET_SUMS} names {expected}; try again")
