"""The downloads against a local server: whole, broken off, changed, absent."""

import http.server
import io
import stat
import struct
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import wfdb
import wfdb.io.download

from scl.artifacts import InputError, sha256_bytes, sha256_file
from train.data import mitdb
from train.data.download import download, download_mitdb
from train.data.wisdm import DOWNLOADED


class Handler(http.server.BaseHTTPRequestHandler):
    body = b""
    cut = 0  # bytes that are promised but not sent

    def do_GET(self) -> None:
        if self.path != "/set.zip":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body[: len(self.body) - self.cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("wisdm-dataset.zip", bytes(range(256)) * 400)
    Handler.body, Handler.cut = buffer.getvalue(), 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/set.zip"
        server.shutdown()


def test_whole_file_and_recorded_checksum(server: str, tmp_path: Path) -> None:
    path = download(tmp_path, server)
    assert path.read_bytes() == Handler.body
    assert (tmp_path / f"{DOWNLOADED}.sha256").read_text().split()[0] == sha256_bytes(Handler.body)
    Handler.body = b"the server is not asked again"
    assert sha256_file(download(tmp_path, server)) == sha256_file(path)


def test_broken_transfer_leaves_nothing_and_can_be_repeated(server: str, tmp_path: Path) -> None:
    Handler.cut = 200
    with pytest.raises(InputError, match="could not be downloaded.*--data FILE"):
        download(tmp_path, server)
    assert list(tmp_path.iterdir()) == []
    Handler.cut = 0
    assert download(tmp_path, server).is_file()


def test_other_content(server: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another SHA-256"):
        download(tmp_path, server, sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []
    Handler.body = b"<html>not today</html>"
    with pytest.raises(InputError, match="not a whole zip.*removed"):
        download(tmp_path, server)
    assert list(tmp_path.iterdir()) == []


def test_damage_inside_the_zip(server: str, tmp_path: Path) -> None:
    """A whole transfer of a file that was damaged before: its stream or its checksum does not fit."""
    whole = Handler.body
    for place in range(60, len(whole) - 120, 40):
        Handler.body = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        with pytest.raises(InputError, match="not a whole zip.*removed"):
            download(tmp_path, server)
        assert list(tmp_path.iterdir()) == []


def member(name: str = "wisdm-dataset/a.txt", kind: int = 0, claimed: int | None = None) -> bytes:
    """A zip of one member of a kind (stat's), that claims a size."""
    buffer, info = io.BytesIO(), zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd", compress_type=zipfile.ZIP_DEFLATED)
    data = bytearray(buffer.getvalue())
    if claimed is not None:
        struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, claimed)
    return bytes(data)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        *((member(kind=kind), "is a link or a device") for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR)),
        *((member(kind=kind), "is a link or a device") for kind in (stat.S_IFBLK, stat.S_IFSOCK)),
        *(
            (member(name), "leads out of its folder")
            for name in ("../x", "a/../../x", "/x", "C:/x", "..", "a\\..\\..\\x")
        ),
        (member(claimed=0xF0000000), "its members claim .* 4,026,531,840 unpacked, expected at most 2,147,483,648"),
    ],
    ids=range(12),
)
def test_an_archive_that_would_do_more_than_hold_files(server: str, tmp_path: Path, body: bytes, named: str) -> None:
    """Nothing here unpacks it to the disk, but its user may."""
    Handler.body = body
    with pytest.raises(InputError, match=f"not a whole zip .*{named}.*removed"):
        download(tmp_path, server)
    assert list(tmp_path.iterdir()) == []
    Handler.body = member(kind=stat.S_IFREG)
    assert download(tmp_path, server).is_file()


def test_overlapping_members_are_no_archive(server: str, tmp_path: Path) -> None:
    """A thousand entries of one member: what a bomb is made of."""
    data = member()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    last = bytearray(data[end:])
    struct.pack_into("<HHI", last, 8, 1000, 1000, 1000 * (end - start))
    packed = bytearray(data[:start] + data[start:end] * 1000 + last)
    for index in range(1000):
        struct.pack_into("<I", packed, start + index * (end - start) + 20, 1000)  # its packed size
    Handler.body = bytes(packed)
    with pytest.raises(InputError, match="not a whole zip .its members claim 1,000,000 bytes packed"):
        download(tmp_path, server)


@pytest.mark.parametrize("text", [b"", b"\n", b"\xff", b"0" * 63, b"0" * 2000, b"../../x"])
def test_a_damaged_mark_is_named(server: str, tmp_path: Path, text: bytes) -> None:
    (tmp_path / f"{DOWNLOADED}.sha256").write_bytes(text)
    with pytest.raises(InputError, match=f"{DOWNLOADED}.sha256: .* expected the archive's SHA-256"):
        download(tmp_path, server)


def test_absent(server: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="404"):
        download(tmp_path, server.replace("set.zip", "gone.zip"))


class PhysioNet(http.server.BaseHTTPRequestHandler):
    """The pages that wfdb asks for, and the database's files."""

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes] = {}
    cut: dict[str, int] = {}  # bytes that are promised but not sent, by name

    def do_GET(self) -> None:
        if self.path.rstrip("/") in ("/content/mitdb", "/content/mitdb/1.0.0"):
            body, name = b"<html>\n<p>Version: 1.0.0</p>\n</html>", ""
        else:
            name = self.path.removeprefix("/files/mitdb/1.0.0/")
            if name not in self.files:
                self.send_error(404)
                return
            body = self.files[name]
        cut = self.cut.get(name, 0)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: len(body) - cut])
        if cut:
            self.close_connection = True

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


def list_sums() -> None:
    """Writes the list of the files as they are now."""
    sums = (f"{sha256_bytes(data)} {name}\n" for name, data in PhysioNet.files.items() if "SHA" not in name)
    PhysioNet.files["SHA256SUMS.txt"] = "".join(sums).encode()


@pytest.fixture
def physionet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server with a database of two records; yields the place to download to."""
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    origin = tmp_path / "origin"
    origin.mkdir()
    for name in ("100", "101"):
        counts = np.random.default_rng(int(name)).integers(-1000, 1000, (7200, 1))
        wfdb.wrsamp(
            name,
            360,
            ["mV"],
            ["MLII"],
            d_signal=counts,
            fmt=["212"],
            adc_gain=[200],
            baseline=[0],
            write_dir=str(origin),
        )
        wfdb.wrann(name, "atr", np.array([400, 800]), symbol=["N", "V"], write_dir=str(origin))
    PhysioNet.files = {path.name: path.read_bytes() for path in origin.iterdir()}
    PhysioNet.files |= {"RECORDS": b"100\n101\n", "ANNOTATORS": b"atr\treference beats\n", "mitdbdir/x.htm": b"unasked"}
    PhysioNet.cut = {}
    list_sums()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), PhysioNet) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(wfdb.io.download, "PN_CONTENT_URL", f"http://127.0.0.1:{server.server_port}/content/")
        monkeypatch.setattr(wfdb.io.download.config, "db_index_url", f"http://127.0.0.1:{server.server_port}/files/")
        yield tmp_path / "data" / "mitdb"
        server.shutdown()


def nothing_left(place: Path) -> bool:
    return not place.exists() and list(place.parent.iterdir()) == []


def test_a_whole_database(physionet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert download_mitdb(physionet) == physionet
    assert {p.name: p.read_bytes() for p in physionet.iterdir()} == {
        name: data for name, data in PhysioNet.files.items() if "/" not in name
    }
    assert list(physionet.parent.iterdir()) == [physionet]
    recordings = mitdb.load(physionet)
    assert [(b.group, b.x.shape, len(b.beats)) for b in recordings.blocks] == [(100, (1, 7200), 2), (101, (1, 7200), 2)]
    printed = capsys.readouterr()
    assert printed.out == "" and "101" in printed.err
    PhysioNet.files = {}  # the server is not asked again
    assert download_mitdb(physionet) == physionet


def test_a_broken_transfer_leaves_nothing_and_can_be_repeated(physionet: Path) -> None:
    PhysioNet.cut = {"101.dat": 500}
    with pytest.raises(InputError, match=r"/files/mitdb: could not be downloaded .* try again, or .* --data FOLDER"):
        download_mitdb(physionet)
    assert nothing_left(physionet)
    PhysioNet.cut = {}
    assert len(mitdb.load(download_mitdb(physionet)).blocks) == 2


@pytest.mark.parametrize("name", ["100.hea", "101.dat", "101.atr", "ANNOTATORS"])
def test_a_file_that_is_another_than_published(physionet: Path, name: str) -> None:
    data = PhysioNet.files[name]
    PhysioNet.files[name] = data + (b"\n" if name in ("100.hea", "ANNOTATORS") else bytes(4))
    with pytest.raises(InputError, match=rf"what came is not the whole database \({name} has SHA-256 .* try again"):
        download_mitdb(physionet)
    assert nothing_left(physionet)


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "mitdbdir/x", "..", "10x", "\u0661\u0662", "1" * 10, "1\n" * 1001])
def test_a_server_that_names_other_files(physionet: Path, name: str) -> None:
    """A record names files here: nothing but a number does."""
    PhysioNet.files |= {"RECORDS": f"100\n{name}\n".encode(), "../x.hea": b"x"}
    with pytest.raises(InputError, match=r"could not be downloaded \(ValueError: RECORDS names .* expected numbers"):
        download_mitdb(physionet)
    assert nothing_left(physionet) and not list(physionet.parent.parent.glob("x*"))


@pytest.mark.parametrize("signal", ["../../../x", "/tmp/x", "other/100.dat"])
def test_a_header_that_names_other_files(physionet: Path, signal: str) -> None:
    """wfdb would fetch them to where they say."""
    PhysioNet.files["100.hea"] = PhysioNet.files["100.hea"].replace(b"100.dat", signal.encode())
    PhysioNet.files[signal] = b"written"
    list_sums()
    before = {path for path in physionet.parent.parent.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="what came is not the whole database"):
        download_mitdb(physionet)
    assert nothing_left(physionet)
    assert {path for path in physionet.parent.parent.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["RECORDS", "SHA256SUMS.txt", "100.hea", "100.dat", "101.atr"])
def test_a_server_without_a_file(physionet: Path, name: str) -> None:
    del PhysioNet.files[name]
    with pytest.raises(InputError, match="could not be downloaded .*404"):
        download_mitdb(physionet)
    assert nothing_left(physionet)


def test_a_damaged_database_that_was_published_so(physionet: Path) -> None:
    """The list fits, the record does not: the loader has the last word."""
    PhysioNet.files["101.dat"] = bytes(len(PhysioNet.files["101.dat"]))
    list_sums()
    with pytest.raises(InputError, match=r"not the whole database \(.*101.dat has checksums"):
        download_mitdb(physionet)
    assert nothing_left(physionet)


def test_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wfdb.io.download, "PN_CONTENT_URL", "http://127.0.0.1:9/content/")
    with pytest.raises(InputError, match="could not be downloaded .*ConnectionError"):
        download_mitdb(tmp_path / "mitdb")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(InputError, match=f"{place.name}: holds something else than MIT-BIH"):
            download_mitdb(place)
    assert (tmp_path / "notes.txt").read_text() == "mine"
