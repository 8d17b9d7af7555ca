"""Reading recordings never leaves their folder, and takes no more memory than recordings have."""

import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from train.data.archive import Archive


@pytest.mark.parametrize("target", ["outside", "/dev/zero", "/dev/stdin", "fifo"])
def test_a_link_out_of_the_folder(tmp_path: Path, target: str) -> None:
    (tmp_path / "set" / "sub").mkdir(parents=True)
    (tmp_path / "outside").write_text("secret")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "set" / "sub" / "a.dat").symlink_to(tmp_path / target)
    archive = Archive(tmp_path / "set", "look elsewhere")
    if target == "outside":  # the others are no files, and not listed
        assert archive.names == ["sub/a.dat"]
    for read in (archive.read, lambda name: archive.checksum([name])):
        with pytest.raises(InputError, match=r"set/sub/a.dat: is a link to .*, expected a file inside the folder"):
            read("sub/a.dat")
    with pytest.raises(InputError, match=r"refers to the file '../outside', expected a plain path inside the folder"):
        archive.read("../outside")


def test_a_link_inside_the_folder_and_one_to_it(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.dat").write_bytes(b"x")
    (tmp_path / "set" / "b.dat").symlink_to("a.dat")
    (tmp_path / "link").symlink_to("set")
    assert Archive(tmp_path / "link", "").read("b.dat") == b"x"


def test_a_link_in_a_zip_is_its_text(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.dat")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert Archive(tmp_path / "set.zip", "").read("a.dat") == b"/etc/passwd"


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [0, 1, 1000, 200_000])
def test_every_method(tmp_path: Path, method: int, size: int) -> None:
    data = np.random.default_rng(0).integers(0, 4, size, np.uint8).tobytes()
    with zipfile.ZipFile(tmp_path / "set.zip", "w", method) as archive:
        archive.writestr("a.dat", data)
        archive.writestr("b.dat", data[::-1])
    archive = Archive(tmp_path / "set.zip", "")
    assert archive.read("a.dat") == data and archive.read("b.dat") == data[::-1]


@pytest.mark.parametrize("method", METHODS[1:])
@pytest.mark.parametrize("honest", [True, False])
def test_a_bomb(tmp_path: Path, method: int, honest: bool) -> None:
    """A member of more than is read, packed to little, that says its size or a small one."""
    path, size = tmp_path / "set.zip", 1 << 26
    with zipfile.ZipFile(path, "w", method) as archive, archive.open("a.dat", "w", force_zip64=False) as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    if not honest:
        data, (low, high) = path.read_bytes(), (size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
        assert data.count(low) >= 1
        path.write_bytes(data.replace(low, high))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"set.zip: a.dat (has 67,108,864 bytes, expected at most|is damaged)"):
            Archive(path, "").read("a.dat", 1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()
