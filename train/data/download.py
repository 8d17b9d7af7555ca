"""Fetches the official WISDM archive. The UCI repository serves one zip with wisdm-dataset.zip inside; both are read as
they are.
"""

import zipfile
from pathlib import Path

from scl.artifacts import InputError, sha256_file, write_bytes
from train.data.wisdm import DAMAGED

URL = (
    "https://archive.ics.uci.edu/static/public/507/wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip"
)
FILE = "wisdm-uci-507.zip"


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
    path, mark = folder / FILE, folder / f"{FILE}.sha256"
    known = sha256 or (mark.read_text().split()[0] if mark.is_file() else None)
    try:
        pooch.retrieve(
            url,
            known_hash=f"sha256:{known}" if known else None,
            fname=FILE,
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
        write_bytes(mark, f"{sha256_file(path)}  {FILE}\n".encode())
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
