"""npz files: what is written is read back; whatever a damaged or hostile one claims ends at once in one error."""

import itertools
import resource
import struct
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import Array, InputError, read_arrays, read_npz, write_npz
from tests.scl.artifacts.damage import PEAK

ARRAYS = {
    "counts": np.arange(60, dtype=np.int16).reshape(3, 4, 5),
    "flags": np.zeros((3, 4), np.uint8),
    "empty": np.zeros((0, 7), np.float32),
    "scalar": np.array(1.5),
    "text": np.array(["a", "née"]),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}


def npy(descr: object, shape: object, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """An npy file with this header, whether or not it makes sense."""
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header + data


def archive(path: Path, *members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as file:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, data in members:
            file.writestr(name, data)


def refused(path: Path, match: str, *names: str) -> None:
    """Asserts that reading ends in an InputError, within a second and 200 MB."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(InputError, match=match) as error:
        read_npz(path, *names)
    assert str(path) in str(error.value)
    assert time.process_time() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.npz"
    write_npz(path, **ARRAYS)
    for read in (read_npz(path), read_npz(path, *ARRAYS)):
        assert list(read) == list(ARRAYS)
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(read[name], array, strict=True)
    np.savez(path, **ARRAYS)  # as other programs write it, not packed
    np.testing.assert_array_equal(read_npz(path, "counts")["counts"], ARRAYS["counts"], strict=True)
    with pytest.raises(InputError, match="lacks other; it holds 'counts, flags, empty, scalar, text, columns'"):
        read_npz(path, "counts", "other")
    with pytest.raises(InputError, match="a.npz: counts is int16 .3, 4, 5., expected 100 bytes at most in all"):
        read_npz(path, most=100)


def test_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(ValueError, match="a: object arrays are not written"):
        write_npz(path, a=np.array([{}]))
    assert not path.exists()
    np.savez(path, a=np.array([{"x": 1}], dtype=object))
    refused(path, "a.npy holds objects, expected numbers or texts")
    archive(path, ("a.npy", npy([("x", "|O")], (1,), bytes(8))))
    refused(path, "a.npy holds objects")


def test_arrays_are_held_to_their_declaration(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    pairs = {"counts": Array(np.int16, ("copies", "windows", 5)), "flags": Array(np.uint8, ("copies", "windows"))}
    write_npz(path, **ARRAYS)
    arrays, sizes = read_arrays(path, pairs)
    assert sizes == {"copies": 3, "windows": 4} and list(arrays) == ["counts", "flags"]
    with pytest.raises(InputError, match=r"counts is int16 \(3, 4, 5\), expected int16 \(copies, 9, 5\)"):
        read_arrays(path, pairs, {"windows": 9})
    for wrong in (np.zeros((3, 5), np.uint8), np.zeros((3, 4, 1), np.uint8), np.zeros((3, 4), np.int8)):
        write_npz(path, counts=ARRAYS["counts"], flags=wrong)
        with pytest.raises(InputError, match=r"a.npz: flags is u?int8 .*, expected uint8 \(3, 4\)"):
            read_arrays(path, pairs)
    write_npz(path, counts=ARRAYS["counts"].astype(">i2"), flags=ARRAYS["flags"])
    with pytest.raises(InputError, match=r"counts is >i2"):
        read_arrays(path, pairs)


@pytest.mark.parametrize(
    ("member", "match"),
    [
        (npy("<f8", (1 << 40,)), "8,796,093,022,208 bytes, but has 0"),
        (npy("<f8", (1 << 28,), bytes(64)), "2,147,483,648 bytes, but has 64"),
        (npy("<f8", (1 << 62, 1 << 62, 1 << 62)), "but has 0"),
        (npy("<f8", (0, 10**40)), "is not a readable npz"),
        (npy("<f8", (-1, -8), bytes(64)), "expected no negative size"),
        (npy("<f8", (8,), bytes(63)), "64 bytes, but has 63"),
        (npy("<f8", (8,), bytes(65)), "64 bytes, but has 65"),
        (npy("<U500000000", (1,), bytes(64)), "2,000,000,000 bytes, but has 64"),
        (npy("|S0", (1 << 40,)), "expected numbers or texts"),
        (npy("|V8", (8,), bytes(64)), "expected numbers or texts"),
        (npy("<M8[s]", (8,), bytes(64)), "expected numbers or texts"),
        (npy([("a", "<f8", (1 << 20,))], (1,)), "expected numbers or texts"),
        (npy("|O", (8,), bytes(64)), "holds objects"),
        (npy("<f8", "8", bytes(64)), "is not a readable npz"),
        (npy("<f8", (8.0,), bytes(64)), "is not a readable npz"),
        (npy("<f8", None), "is not a readable npz"),
        (npy("nonsense", (8,), bytes(64)), "is not a readable npz"),
        (npy(None, (8,), bytes(64)), "is not a readable npz"),
        (npy({"a": 1}, (8,), bytes(64)), "is not a readable npz"),
        (npy("<f8", (8,), bytes(64), (3, 0)), r"npy version \(3, 0\), expected \(1, 0\) or \(2, 0\)"),
        (npy("<f8", (8,), bytes(64), (9, 9)), "npy version"),
        (b"\x93NUMPZ" + npy("<f8", (8,), bytes(64))[6:], "is not a readable npz"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b" " * 64, "is not a readable npz"),
        (b"\x93NUMPY\x01\x00\x40\x00" + b"(" * 64, "is not a readable npz"),
        (b"\x93NUMPY\x02\x00" + struct.pack("<I", 9000) + b"(" * 9000, "is not a readable npz"),
        (b"\x93NUMPY\x01\x00\x09\x00__import__", "is not a readable npz"),
        (b"", "is not a readable npz"),
        (b"\x93NUM", "is not a readable npz"),
        (np.lib.format.magic(1, 0) + b"\x02\x00{}", "is not a readable npz"),
    ],
    ids=itertools.count(),
)
def test_headers_that_lie(tmp_path: Path, member: bytes, match: str) -> None:
    path = tmp_path / "a.npz"
    archive(path, ("a.npy", member))
    refused(path, match)
    refused(path, match, "a")


def test_a_header_of_version_2_is_read(tmp_path: Path) -> None:
    archive(tmp_path / "a.npz", ("a.npy", npy("<f8", (2,), np.array([1.0, 2.0]).tobytes(), (2, 0))))
    assert read_npz(tmp_path / "a.npz")["a"].tolist() == [1, 2]


def test_members_that_lie(tmp_path: Path) -> None:
    path, array = tmp_path / "a.npz", npy("<f8", (8,), bytes(64))
    archive(path, ("a.npy", array), ("a.npy", array))
    refused(path, "member 'a.npy' is no .npy file, or there are two of it")
    archive(path, ("a.npy", array), ("a", array))
    refused(path, "member 'a' is no .npy file")
    archive(path, ("a", array))
    refused(path, "member 'a' is no .npy file", "a")
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        archive(path, ("a.npy", array), compression=compression)
        refused(path, "is packed by method .*, expected none or deflate")
    archive(path, *((f"{n}.npy", array) for n in range(1001)))
    refused(path, "1001 members, expected 1000 at most")
    archive(path)
    refused(path, "lacks a; it holds nothing", "a")
    assert read_npz(path) == {}


def claiming(path: Path, offset: int, value: int) -> None:
    """Changes a 32-bit field of the only entry of the archive's central directory."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + offset, value)
    path.write_bytes(data)


@pytest.mark.parametrize("claimed", [0, 1, 100, 200, 1 << 20, 0xFFFFFFFF])
def test_bombs(tmp_path: Path, claimed: int) -> None:
    """A member that unpacks to 100 MB of zeros, whatever it claims: at most as much as it claims is unpacked."""
    path, bomb = tmp_path / "a.npz", npy("<f8", (8,), bytes(64))
    packed, unpacked = 20, 24  # offsets of the sizes in the entry
    archive(path, ("a.npy", bomb + bytes(100 << 20)))
    refused(path, "64 bytes, but has 104,857,664")
    claiming(path, unpacked, claimed)
    refused(path, "is not a readable npz|but has")
    archive(path, ("a.npy", bomb))
    claiming(path, packed, claimed)
    if claimed == 100:  # a few bytes more, of the entry behind, which deflate does not need; some Pythons refuse them
        try:
            assert not read_npz(path)["a"].any()
        except InputError as error:
            assert "Overlapped entries" in str(error)
    else:
        refused(path, "is not a readable npz")
    archive(path, ("a.npy", bomb), compression=zipfile.ZIP_STORED)
    claiming(path, unpacked, claimed)
    refused(path, "is not a readable npz|but has")


def test_a_long_list_of_members_is_not_read(tmp_path: Path) -> None:
    """300,000 entries of 51 bytes, told by the last record, hidden before a comment, and told by that of 4 GiB."""
    path, array = tmp_path / "a.npz", npy("<f8", (8,), bytes(64))
    archive(path, ("a.npy", array))
    data = path.read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries, offset = data[start:end] * 300_000, struct.pack("<I", start)
    count = struct.pack("<4H", 0, 0, 1, 1)
    size = struct.pack("<I", len(entries))
    path.write_bytes(data[:start] + entries + b"PK\x05\x06" + count + size + offset + bytes(2))
    refused(path, "the list of its members has 15,300,000 bytes, expected 1,048,576 at most")
    comment = b"PK\x05\x06" + count + size + offset + struct.pack("<H", 22) + data[end:]
    path.write_bytes(data[:start] + entries + comment)
    refused(path, "is not a readable npz")
    large = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 300_000, 300_000, len(entries), start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + len(entries), 1)
    path.write_bytes(data[:start] + entries + large + locator + data[end:])
    refused(path, "does not end as a zip archive without a comment, of less than 4 GiB, does")


def test_an_honest_claim_of_much_is_refused_by_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    archive(path, ("a.npy", npy("<f8", (1 << 20,), bytes(8 << 20))), ("b.npy", npy("<f8", (1 << 20,), bytes(8 << 20))))
    with pytest.raises(InputError, match="b is float64 .1048576,., expected 10,485,760 bytes at most in all"):
        read_npz(path, most=10 << 20)


def test_every_prefix_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_npz(path, **ARRAYS)
    data = path.read_bytes()
    for length in range(0, len(data), 3):
        path.write_bytes(data[:length])
        with pytest.raises(InputError, match="a.npz: is not a readable npz"):
            read_npz(path)


MUTATIONS = (
    PEAK
    + """
import sys, time
import numpy as np
from scl.artifacts import InputError, read_npz

path, refused, slowest = sys.argv[1], 0, 0.0
data, rng = open(path, "rb").read(), np.random.default_rng(0)
before = read_npz(path)
for index in range(1000):
    mutated = bytearray(data)
    for place in rng.integers(len(data), size=rng.integers(1, 5)):
        mutated[place] = rng.integers(256)
    open(path, "wb").write(mutated)
    start = time.process_time()
    try:
        after = read_npz(path, *before)
    except InputError as error:
        refused += 1
        assert path in str(error)
    else:
        for name, array in before.items():
            np.testing.assert_array_equal(after[name], array, strict=True)
    slowest = max(slowest, time.process_time() - start)
print(refused, slowest, peak_gigabytes())
"""
)


@pytest.mark.parametrize("write", [write_npz, np.savez])
def test_random_bytes_end_in_an_input_error_or_change_nothing(tmp_path: Path, write: Callable[..., None]) -> None:
    """The CRC of the zip format finds what hits an array; what hits a date, say, changes nothing."""
    path = tmp_path / "a.npz"
    write(path, **ARRAYS)
    done = subprocess.run([sys.executable, "-c", MUTATIONS, str(path)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    refused, slowest, gigabytes = map(float, done.stdout.split())
    assert refused > 500 and slowest < 5 and gigabytes < 1


def test_what_is_no_regular_file_ends_at_once(unreadable: list[Path]) -> None:
    for path in unreadable:
        refused(path, "no such file; expected arrays a|is not a regular file|is not a readable npz", "a")


def test_other_files_are_no_npz(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for data in (b"", b"PK", b"PK\x05\x06", npy("<f8", (0,)), bytes(1 << 20), b"PK\x05\x06" + b"\xff" * 18):
        path.write_bytes(data)
        refused(path, "a.npz: is not a readable npz without objects .*; make it again")
