"""MIT-BIH against the facts that its description prints, against bytes decoded by hand, and against damage."""

import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb

from scl.artifacts import InputError
from tests.train.data.beats import recordings
from train.data import mitdb
from train.data.data_set import BOTH_LEADS
from train.data.recordings import Block, Recordings

ZIP = "mit-bih-arrhythmia-database-1.0.0.zip"
ROOT = "mit-bih-arrhythmia-database-1.0.0/"
N, S, V, F, Q = range(5)
# Codes of the annotation format (wfdb's ecgcodes.h), and how often each symbol occurs.
CODES = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j", 12: "/", 13: "Q",
    14: "~", 16: "|", 22: '"', 28: "+", 31: "!", 32: "[", 33: "]", 34: "e", 37: "x", 38: "f",
}  # fmt: skip
SYMBOLS = {
    "N": 75052, "L": 8075, "R": 7259, "V": 7130, "/": 7028, "A": 2546, "f": 982, "F": 803, "!": 472, "j": 229, "x": 193,
    "a": 150, "E": 106, "J": 83, "Q": 33, "e": 16, "S": 2, "+": 1291, "~": 616, '"': 437, "|": 132, "[": 6, "]": 6,
}  # fmt: skip
CLASS = {symbol: i for i, symbols in enumerate(["NLRej", "AaJS", "VE", "F", "/fQ"]) for symbol in symbols}


def decode_212(data: bytes, leads: int) -> np.ndarray:
    """Counts (samples, leads): two 12-bit two's complements in three bytes, the middle one holding both upper parts."""
    low, middle, high = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32).T
    pairs = np.stack([low + ((middle & 0x0F) << 8), high + ((middle & 0xF0) << 4)], axis=1)
    return np.where(pairs > 2047, pairs - 4096, pairs).reshape(-1, leads)


def decode_annotations(data: bytes) -> list[tuple[int, str]]:
    """Samples and symbols of MIT's annotation format: six bits of code and ten of time, in words of two bytes."""
    words = np.frombuffer(data, "<u2").tolist()
    found, at, i = [], 0, 0
    while words[i]:
        code, value = words[i] >> 10, words[i] & 0x3FF
        i += 1
        if code == 59:  # a long interval, upper word first
            at += (words[i] << 16) + words[i + 1]
            i += 2
        elif code == 63:  # text of so many bytes
            i += (value + 1) // 2
        elif code not in (60, 61, 62):
            at += value
            found.append((at, CODES[code]))
    return found


@pytest.fixture(scope="module")
def archive(data_dir: Path) -> Path:
    path = data_dir / "mitdb" / ZIP
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


@pytest.fixture(scope="module")
def real(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """The real set, parsed here and now: a cache may be older than the loader."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        return mitdb.load(archive)


def test_facts_of_the_real_set(real: Recordings) -> None:
    """Against what the data set's description prints."""
    assert len(real.blocks) == 48 and {b.x.shape for b in real.blocks} == {(1, 650_000)}
    assert real.rate_hz == 360 and real.units == ("mV",) and real.labels == ("N", "S", "V", "F", "Q")
    assert real.report["annotations"] == 112_647 and sum(len(b.beats) for b in real.blocks) == 109_494
    leads = {name: set(map(int, records)) for name, records in real.report["leads"].items()}
    assert leads["V5"] == {102, 104} and leads["MLII"] == set(real.groups.tolist()) - {102, 104}
    amiss = dict(real.report["amiss"])
    assert amiss.pop("records_that_saturate") == ["116"] and not any(amiss.values())
    assert "48 subjects, 5 classes, 24.1 h; 1 records that saturate (116)" in real.summary()


def test_beats_of_the_published_split(real: Recordings) -> None:
    published = {
        mitdb.DS1: {N: 45866, S: 944, V: 3788, F: 415, Q: 8},
        mitdb.DS2: {N: 44259, S: 1837, V: 3221, F: 388, Q: 7},
    }
    for records, counts in published.items():
        assert len(records) == 22
        assert Counter(int(c) for b in real.blocks if b.group in records for c in b.beats[:, 1]) == counts
    assert sorted({*mitdb.DS1, *mitdb.DS2, *mitdb.PACED}) == real.groups.tolist()


def test_every_annotation_decoded_by_hand(real: Recordings, archive: Path) -> None:
    symbols: Counter[str] = Counter()
    with zipfile.ZipFile(archive) as members:
        for block in real.blocks:
            found = decode_annotations(members.read(f"{ROOT}{block.group}.atr"))
            symbols.update(symbol for _, symbol in found)
            assert block.beats.tolist() == [[at, CLASS[s]] for at, s in found if s in CLASS], block.group
    assert symbols == SYMBOLS


def test_flutter_decoded_by_hand(real: Recordings, archive: Path) -> None:
    """Record 207 alone has any: six episodes, from [ to ]."""
    with zipfile.ZipFile(archive) as members:
        marks = decode_annotations(members.read(f"{ROOT}207.atr"))
    edges = [at for at, symbol in marks if symbol in "[]"]
    spans = {block.group: block.flutter.tolist() for block in real.blocks if len(block.flutter)}
    assert spans == {207: [list(pair) for pair in zip(edges[::2], edges[1::2], strict=True)]}
    assert len(spans[207]) == 6


@pytest.mark.parametrize(
    ("record", "index"), [(100, 0), (102, 0), (114, 1)], ids=["MLII first", "no MLII: its first lead", "MLII second"]
)
def test_samples_decoded_by_hand(real: Recordings, archive: Path, record: int, index: int) -> None:
    with zipfile.ZipFile(archive) as members:
        counts = decode_212(members.read(f"{ROOT}{record}.dat"), 2)[:, index]
    block = next(b for b in real.blocks if b.group == record)
    np.testing.assert_array_equal(block.x[0], ((counts - 1024) / 200).astype(np.float32))


# Generated records: 20 s of two leads in the database's format, with beats that swing by 1 mV.
BEATS = {400: "N", 1000: "V", 1600: "A", 2200: "F", 2800: "Q", 3400: "L", 3401: "+", 7100: "E"}
SAMPLES = 7200


def write_record(
    folder: Path,
    name: str,
    leads: tuple[str, ...] = ("V1", "MLII"),
    change: Callable[[np.ndarray], None] = lambda mv: None,
    beats: dict[int, str] = BEATS,
    rate_hz: float = 360,
) -> np.ndarray:
    """Writes .hea, .dat and .atr; `change` may alter the mV (samples, leads), which are returned."""
    rng = np.random.default_rng(int(name))
    mv = np.rint(200 * rng.normal(0, 0.3, (SAMPLES, len(leads))).clip(-2, 2)) / 200
    change(mv)
    two = len(leads)
    wfdb.wrsamp(
        name,
        fs=rate_hz,
        units=["mV"] * two,
        sig_name=list(leads),
        p_signal=mv,
        fmt=["212"] * two,
        adc_gain=[200] * two,
        baseline=[0] * two,
        write_dir=str(folder),
    )
    times = sorted(beats)
    wfdb.wrann(name, "atr", np.array(times), symbol=[beats[t] for t in times], write_dir=str(folder))
    return mv.astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of records 100 and 101."""
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "set"
    path.mkdir()
    (path / "RECORDS").write_text("100\n101\n")
    write_record(path, "100")
    write_record(path, "101")
    return path


def archived(folder: Path, method: int, root: str = ROOT) -> Path:
    path = folder.parent / f"set-{method}.zip"
    with zipfile.ZipFile(path, "w", method) as members:
        for file in sorted(folder.iterdir()):
            members.write(file, root + file.name)
    return path


def test_what_is_loaded(folder: Path) -> None:
    mv = write_record(folder, "100")
    first, second = mitdb.load(folder).blocks
    assert (first.group, first.label, second.group) == (100, -1, 101)
    np.testing.assert_array_equal(first.x, mv[None, :, 1])
    expected = [[400, N], [1000, V], [1600, S], [2200, F], [2800, Q], [3400, N], [7100, V]]
    assert first.beats.tolist() == expected and first.beats.dtype == np.int64


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("root", [ROOT, ""])
def test_a_zip_is_as_good_as_a_folder(folder: Path, method: int, root: str) -> None:
    open_set, zipped = mitdb.load(folder), mitdb.load(archived(folder, method, root))
    for a, b in zip(open_set.blocks, zipped.blocks, strict=True):
        assert a.group == b.group and np.array_equal(a.x, b.x) and np.array_equal(a.beats, b.beats)
    assert open_set.report == zipped.report


def test_a_folder_above_the_set_will_do(folder: Path) -> None:
    assert mitdb.load(folder.parent).sha256 == mitdb.load(folder).sha256


def test_the_checksum_is_that_of_the_files(folder: Path) -> None:
    before = mitdb.load(folder)
    assert mitdb.load(folder).sha256 == before.sha256
    write_record(folder, "101", beats=BEATS | {5000: "V"})
    after = mitdb.load(folder)
    assert after.sha256 != before.sha256 and len(after.blocks[1].beats) == len(before.blocks[1].beats) + 1


def refused(folder: Path) -> str:
    """The message that a set is refused with, which leaves nothing in the cache."""
    with pytest.raises(InputError) as caught:
        mitdb.load(folder)
    assert not list((folder.parent / "cache").glob("*"))
    assert str(caught.value).startswith(f"{folder}: ")
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["dat", "atr"])
def test_a_missing_file(folder: Path, suffix: str) -> None:
    (folder / f"101.{suffix}").unlink()
    message = refused(folder)
    assert f"lacks 101.{suffix}; expected the official" in message and "--download" in message


@pytest.mark.parametrize("change", [-1, -5000, -SAMPLES * 3, 3])
def test_a_truncated_or_longer_signal(folder: Path, change: int) -> None:
    data = (folder / "101.dat").read_bytes()
    assert len(data) == SAMPLES * 3
    (folder / "101.dat").write_bytes(data[:change] if change < 0 else data + bytes(change))
    expected = f"101.dat has {len(data) + change} bytes, but 7200 samples of 2 leads, as 101.hea says, take 21600"
    message = refused(folder)
    assert expected in message and message.endswith("download it again")


def test_a_changed_byte(folder: Path) -> None:
    data = bytearray((folder / "101.dat").read_bytes())
    data[7000] ^= 1
    (folder / "101.dat").write_bytes(bytes(data))
    message = refused(folder)
    assert "101.dat has checksums [" in message and "but 101.hea names [" in message and "download it again" in message


LINE = "101.dat 212 200/mV 12 0 0 0 0 V1\n"
HEADERS = {
    "nothing": ("", "cannot be read as a WFDB header"),
    "noise": ("\x00\x01\x7f nonsense\n", "cannot be read as a WFDB header"),
    "html": ("<html>not found</html>\n", "cannot be read as a WFDB header"),
    "a long line": ("101 1 360 14400\n" + "1" * 2000, "has 2016 characters, 2000 in a line: no WFDB header"),
    "a longer line": ("101 1 360 14400\n" + "1" * 60_000, "has 60016 characters, 60000 in a line: no WFDB header"),
    "a huge file": ("101 1 360 14400\n" + "# comment\n" * 10_000, "101.hea: has 100,016 bytes, expected"),
    "leads unsaid": (f"101 3 360 4800\n{LINE}", "describes 1 signals, but its first line says 3"),
    "nothing of the leads": ("101 2 360 7200\n", "describes 0 signals, but its first line says 2"),
    "no leads": ("101 0 360 7200\n", "describes no signal, expected an ECG lead"),
    "segments": ("101/2 2 360 7200\na 3600\nb 3600\n", "is of a record of 2 segments, expected one segment; convert"),
    "no length": (f"101 1 360\n{LINE}", "does not say how many samples a signal has, expected it at the end of the"),
    "endless": (f"101 1 360 99999999999\n{LINE}", "dat has 21600 bytes, but 99999999999 samples"),
    "another record's file": (f"101 1 360 14400\n{LINE.replace('101.', '100.')}", "100.dat has checksums"),
    "a missing file": (f"101 1 360 14400\n{LINE.replace('101.', '102.')}", "lacks 102.dat; expected the official"),
    "no file": (f"101 1 360 14400\n{LINE.replace('101.dat', '~')}", "lacks ~; expected"),
    "unknown format": (f"101 1 360 7200\n{LINE.replace('212', '9')}", "101.dat is in format 9, which is not read"),
    "other format": (f"101 1 360 7200\n{LINE.replace('212', '24')}", r"101.dat has checksums \[\d+\], but 101.hea"),
    "several a frame": (f"101 1 360 7200\n{LINE.replace('212', '212x2')}", "has 720 samples per second, expected 360"),
    "no checksum": ("101 1 360 14400\n101.dat 212 200/mV 12 0 V1\n", r"101.hea names the checksums \[None\]"),
    "no name": (
        "101 1 360 14400\n101.dat 212 200/mV 12 0 0 0 0\n",
        "nor another known one of an ECG; it has 'one with",
    ),
    "other rate": (f"101 1 250 14400\n{LINE}", "has 250 samples per second, expected 360"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_that_says_something_else(folder: Path, kind: str) -> None:
    text, expected = HEADERS[kind]
    (folder / "101.hea").write_text(text)
    with pytest.raises(InputError, match=rf"^{folder}[:/] *.*({expected})"):
        mitdb.load(folder)


def test_another_unit(folder: Path) -> None:
    header = (folder / "101.hea").read_text()
    (folder / "101.hea").write_text(header.replace("/mV", "/mmHg"))
    assert "101 is in mmHg, expected V, mV or uV" in refused(folder)


def test_annotations_that_are_cut_off(folder: Path) -> None:
    """wfdb reads what is left of a file without its end, and loses the last annotation: refused here."""
    data = (folder / "101.atr").read_bytes()
    for cut in (len(data) - 1, len(data) - 2, len(data) // 2, 1):
        (folder / "101.atr").write_bytes(data[:cut])
        assert "101.atr does not end with the mark of an annotation file's end" in refused(folder)


def test_annotations_that_are_none(folder: Path) -> None:
    (folder / "101.atr").write_bytes(bytes(40))
    assert "101.atr names no beat" in refused(folder)
    write_record(folder, "101", beats={100: "+", 200: "~"})
    assert "101.atr names no beat" in refused(folder)
    (folder / "101.atr").write_bytes(b"\xff\xff" * 50 + b"\0\0")
    assert "101.atr cannot be read as annotations" in refused(folder)


def test_annotations_past_the_end_are_dropped_and_named(folder: Path) -> None:
    write_record(folder, "101", beats=BEATS | {SAMPLES - 1: "N", SAMPLES: "V", SAMPLES + 500: "V"})
    recordings = mitdb.load(folder)
    assert recordings.blocks[1].beats[-1].tolist() == [SAMPLES - 1, N] and len(recordings.blocks[1].beats) == 8
    amiss = recordings.report["amiss"]
    assert amiss["records_with_annotations_past_the_end"] == ["101"] and amiss["beats_outside_the_valid_samples"] == 2
    assert "1 records with annotations past the end (101)" in recordings.summary()
    for at, names in ((SAMPLES - 1, []), (SAMPLES, ["101"])):
        write_record(folder, "101", beats=BEATS | {at: "N"})
        assert mitdb.load(folder).report["amiss"]["records_with_annotations_past_the_end"] == names


def test_without_mlii_the_first_lead_is_taken_and_named(folder: Path) -> None:
    mv = write_record(folder, "101", leads=("V5", "V2"))
    recordings = mitdb.load(folder)
    np.testing.assert_array_equal(recordings.blocks[1].x, mv[None, :, 0])
    assert recordings.report["leads"] == {"MLII": ["100"], "V5": ["101"]}


def test_the_second_lead_is_the_other_one(folder: Path) -> None:
    """The same beats, and the file that names a set tells the leads apart."""
    expected = [write_record(folder, "100")[:, 0], write_record(folder, "101", leads=("V5", "V2"))[:, 1]]
    first, second = mitdb.load(folder), mitdb.load(folder, second=True)
    for block, other, mv in zip(first.blocks, second.blocks, expected, strict=True):
        np.testing.assert_array_equal(other.x, mv[None])
        assert np.array_equal(block.beats, other.beats) and block.group == other.group
    assert second.report["leads"] == {"V1": ["100"], "V2": ["101"]} and first.sha256 != second.sha256
    both = mitdb.DATA_SET.load(folder, BOTH_LEADS)
    assert both.other_lead is not None and both.sha256 == first.sha256 and both.other_lead.sha256 == second.sha256
    for block, other in zip(both.blocks, both.other_lead.blocks, strict=True):
        assert not np.array_equal(block.x, other.x) and block.group == other.group
    assert mitdb.DATA_SET.load(folder, {}).other_lead is None
    write_record(folder, "101", leads=("MLII",))
    with pytest.raises(InputError, match="101 has no lead but MLII; expected the official"):
        mitdb.load(folder, second=True)


@pytest.mark.parametrize("leads", [("Resp", "PLETH"), ("RESP", "Resp"), ("ABP", "SpO2"), ("EMG", "event")])
def test_a_signal_that_is_no_ecg_is_never_taken_for_one(folder: Path, leads: tuple[str, ...]) -> None:
    mv = write_record(folder, "101", leads=leads)
    assert f"101 has no lead MLII, nor another known one of an ECG; it has '{', '.join(leads)}'" in refused(folder)
    for ecg in ("V5", "MLIII", "ECG1", "lead II", "mod.V1", "avF", "CM5", "D3", "V1-V2", "vx", "MCL1"):
        mv = write_record(folder, "101", leads=(*leads[:1], ecg))
        recordings = mitdb.load(folder)
        np.testing.assert_array_equal(recordings.blocks[1].x, mv[None, :, 1])
        assert recordings.report["leads"] == {"MLII": ["100"], ecg: ["101"]}


@pytest.mark.parametrize("frame", [1, 2])
def test_annotations_count_frames(folder: Path, frame: int) -> None:
    """Unless their file says what they count."""
    write_record(folder, "101", leads=("MLII",), rate_hz=360 / frame)
    header = (folder / "101.hea").read_text().splitlines()
    header[0] = f"101 1 {360 // frame} {SAMPLES // frame}"
    header[1] = header[1].replace("212", f"212x{frame}")
    (folder / "101.hea").write_text("\n".join(header))
    assert mitdb.load(folder).blocks[1].beats[:, 0].tolist() == [frame * at for at in BEATS if at < 3401] + [7100] * (
        frame == 1
    )
    wfdb.wrann("101", "atr", np.array([1000, 2000]), symbol=["N", "V"], fs=3600, write_dir=str(folder))
    assert mitdb.load(folder).blocks[1].beats.tolist() == [[100, N], [200, V]]


def test_annotations_that_go_back_in_time(folder: Path) -> None:
    """A skip over minus 500 samples between two beats at 400 and -100."""
    words = [1 << 10 | 400, 59 << 10, 0xFFFF, 0x10000 - 500, 1 << 10, 0]
    (folder / "101.atr").write_bytes(np.array(words, "<u2").tobytes())
    assert "101.atr is not in order of time" in refused(folder)


def test_a_flat_or_saturated_line_is_named(folder: Path) -> None:
    def flat(mv: np.ndarray) -> None:
        mv[1000:1360, 1] = 0.5

    def nearly(mv: np.ndarray) -> None:
        mv[1000:1359, 1], mv[999, 1], mv[1359, 1] = 0.5, 0.4, 0.4

    def saturated(mv: np.ndarray) -> None:
        mv[50, 1] = 5.115

    def elsewhere(mv: np.ndarray) -> None:
        mv[1000:1400, 0], mv[50, 0] = 0.5, -5.12

    for change, names in (
        (flat, (["101"], [])),
        (nearly, ([], [])),
        (saturated, ([], ["101"])),
        (elsewhere, ([], [])),
    ):
        write_record(folder, "101", change=change)
        amiss = mitdb.load(folder).report["amiss"]
        assert (amiss["records_with_a_flat_second"], amiss["records_that_saturate"]) == names, change


def test_invalid_samples_divide_a_record(folder: Path) -> None:
    """wfdb writes NaN as the format's mark of an invalid sample. Beats keep their samples within the parts."""

    def invalid(mv: np.ndarray) -> None:
        mv[1600:1700, 1] = np.nan
        mv[100, 0] = np.nan  # of the other lead

    mv = write_record(folder, "101", change=invalid)
    recordings = mitdb.load(folder)
    assert [b.group for b in recordings.blocks] == [100, 101]  # the 1600 samples before make no part of 15 s
    np.testing.assert_array_equal(recordings.blocks[1].x, mv[None, 1700:, 1])
    kept = [[500, F], [1100, Q], [1700, N], [5400, V]]
    assert recordings.blocks[1].beats.tolist() == kept
    amiss = recordings.report["amiss"]
    assert amiss["records_with_invalid_samples"] == ["101"] and amiss["beats_outside_the_valid_samples"] == 3
    assert "3 beats outside the valid samples" in recordings.summary()

    def everywhere(mv: np.ndarray) -> None:
        mv[::100, 1] = np.nan

    for name in ("100", "101"):
        write_record(folder, name, change=everywhere)
    with pytest.raises(InputError, match="no record has 15 s of valid samples"):
        mitdb.load(folder)


def test_two_parts_of_one_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mitdb, "SHORTEST_S", 4.0)

    def invalid(mv: np.ndarray) -> None:
        mv[1600, 1] = np.nan

    mv = write_record(folder, "101", change=invalid)
    parts = mitdb.load(folder).blocks[1:]
    assert [p.group for p in parts] == [101, 101] and [p.x.shape[1] for p in parts] == [1600, 5599]
    assert [len(p.beats) for p in parts] == [2, 4]  # the one at the invalid sample is in neither
    np.testing.assert_array_equal(np.concatenate([p.x[0] for p in parts]), np.delete(mv[:, 1], 1600))


def test_missing_records_are_named(folder: Path) -> None:
    (folder / "101.hea").unlink()
    recordings = mitdb.load(folder)
    missing = recordings.report["amiss"]["missing_records"]
    assert len(missing) == 47 and 101 in missing and 100 not in missing
    assert "47 missing records" in recordings.summary()


def test_a_set_that_is_none(folder: Path) -> None:
    for text, expected in (
        ("999\n998\n", "holds none of the records that RECORDS names (999, 998, ...)"),
        ("100\n../101\n", "RECORDS names '../101', expected record numbers"),
        ("9" * 5000, "expected record numbers"),
        ("", "RECORDS names nothing, expected record numbers"),
        ("\xff\xfe", "expected record numbers"),
    ):
        (folder / "RECORDS").write_text(text, encoding="latin-1")
        assert expected in refused(folder)
    (folder / "RECORDS").unlink()
    message = refused(folder)
    assert "has no RECORDS; expected the official mit-bih-arrhythmia-database-1.0.0 as zip or folder" in message
    with pytest.raises(InputError, match=r"nowhere: no such file or folder; .*--download"):
        mitdb.load(folder / "nowhere")


def test_a_record_listed_twice_is_loaded_once(folder: Path) -> None:
    (folder / "RECORDS").write_text("100\n101\n100\n")
    assert mitdb.load(folder).groups.tolist() == [100, 101] and len(mitdb.load(folder).blocks) == 2


def complete(records: tuple[int, ...]) -> Recordings:
    """A beat of every class in every record."""
    beats = np.array([[10 * k, k] for k in range(5)])
    blocks = tuple(Block(record, -1, np.zeros((1, 100), np.float32), beats) for record in records)
    return Recordings(**{**vars(recordings()), "blocks": blocks})


def test_the_split_is_de_chazals() -> None:
    paced = (102, 104, 107, 217)
    everybody = (*mitdb.DS1, *mitdb.DS2, *paced)
    assert len(set(everybody)) == 48 and not set(mitdb.DS1) & set(mitdb.DS2)
    split = mitdb.split(complete(everybody), 3)
    assert list(split.test) == sorted(mitdb.DS2) and len(list(split.validation)) == 4 and not split.leaky
    assert sorted(list(split.train) + list(split.validation)) == sorted(mitdb.DS1)
    assert split == mitdb.split(complete(everybody), 3) != mitdb.split(complete(everybody), 4)


def test_a_split_that_cannot_have_every_class_is_refused() -> None:
    with pytest.raises(InputError, match="give the whole database"):
        mitdb.split(complete(mitdb.DS1), 0)  # nobody to test on
    few = complete((*mitdb.DS1, *mitdb.DS2))
    normal = tuple(Block(b.group, -1, b.x, b.beats[:1] if b.group in mitdb.DS1[1:] else b.beats) for b in few.blocks)
    with pytest.raises(InputError, match="N, S, V in training and validation"):
        mitdb.split(Recordings(**{**vars(few), "blocks": normal}), 0)
