"""Fetches official data sets: the WISDM archive, and the files of MIT-BIH.

The UCI repository serves WISDM as one zip with wisdm-dataset.zip inside; both are read as they are. PhysioNet serves
MIT-BIH file by file.
"""

import sys
import zipfile
from contextlib import redirect_stdout
from pathlib import Path

from scl import artifacts
from scl.artifacts import InputError, sha256_file, write_bytes
from train.data import mitdb
from train.data.archive import DAMAGED
from train.data.wisdm import DOWNLOADED

URL = (
    "https://archive.ics.uci.edu/static/public/507/wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip"
)
PHYSIONET_SUMS = "SHA256SUMS.txt"


def download(folder: str | Path, url: str = URL, sha256: str | None = None) -> Path:
    """Downloads the archive into `folder`, with a progress bar, and returns its path; a whole file that is there is
    kept.

    The repository publishes no checksum. So unless `sha256` is given, a first download is checked member by member
    (the CRCs of the zip format) and its SHA-256 is written to `<file>.sha256`; later calls hold the file against
    that. A transfer that breaks leaves no file.

    Raises:
        InputError: no connection, a broken transfer, another checksum, or not a whole zip.
    """
    import pooch
    import requests

    folder = Path(folder)
    path, mark = folder / DOWNLOADED, folder / f"{DOWNLOADED}.sha256"
    known = sha256 or (mark.read_text().split()[0] if mark.is_file() else None)
    try:
        pooch.retrieve(
            url,
            known_hash=f"sha256:{known}" if known else None,
            fname=DOWNLOADED,
            path=folder,
            downloader=pooch.HTTPDownloader(progressbar=True, timeout=60),
        )
    except (requests.RequestException, OSError) as error:
        raise InputError(
            f"{url}: could not be downloaded ({error}); try again, or download it by hand and give --data FILE"
        ) from error
    except ValueError as error:
        raise InputError(
            f"{url}: what came has another SHA-256 than {known} ({error}); "
            f"if the publisher changed the file, remove {mark}"
        ) from error
    if known is None:
        _check(path, url)
        write_bytes(mark, f"{sha256_file(path)}  {DOWNLOADED}\n".encode())
    return path


def _check(path: Path, url: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except DAMAGED as error:
        damaged = str(error)
    if damaged is not None:
        path.unlink()
        raise InputError(f"{url}: what came is not a whole zip ({damaged}); it was removed, try again")


def download_mitdb(folder: str | Path) -> Path:
    """Downloads the 48 records of MIT-BIH, about 100 MB, as they lie at PhysioNet, and returns the folder; a database
    that is there is kept.

    wfdb checks nothing of what it fetches: it leaves out annotations that the server does not have, and neither keeps
    RECORDS nor compares sizes. So every file is held against PhysioNet's list of SHA-256 here, and then loaded. All is
    fetched into a folder beside, which takes its name at the end: a transfer that breaks leaves nothing.

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
                wfdb.dl_database("mitdb", str(temporary), annotators=["atr"])
        except Exception as error:  # wfdb raises whatever its requests and its parsing meet
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


def _check_sums(folder: Path) -> None:
    """Raises InputError unless every file in the folder has the SHA-256 that the publisher's list names."""
    lines = (folder / PHYSIONET_SUMS).read_text("utf-8", "replace").splitlines()
    published = {name.strip(): sha256 for sha256, _, name in (line.partition(" ") for line in lines)}
    for path in sorted(folder.iterdir()):
        found, expected = sha256_file(path), published.get(path.name)
        if path.name != PHYSIONET_SUMS and found != expected:
            raise InputError(f"{path.name} has SHA-256 {found}, {PHYSIONET_SUMS} names {expected}")
