"""The download against a local server: whole, broken off, changed, absent."""

import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scl.artifacts import InputError, sha256_bytes, sha256_file
from train.data.download import FILE, download


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
    assert (tmp_path / f"{FILE}.sha256").read_text().split()[0] == sha256_bytes(Handler.body)
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


def test_absent(server: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="404"):
        download(tmp_path, server.replace("set.zip", "gone.zip"))
