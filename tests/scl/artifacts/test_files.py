import json
from pathlib import Path

import numpy as np
import pytest

from scl import artifacts
from scl.artifacts import InputError


def test_json_round_trip_and_schema(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.json"
    artifacts.write_json(path, {"kind": "run", "schema": 1, "x": [1.5]})
    assert artifacts.read_json(path, "run")["x"] == [1.5]
    with pytest.raises(InputError, match="holds 'run', expected kind 'bundle'"):
        artifacts.read_json(path, "bundle")
    artifacts.write_json(path, {"kind": "run", "schema": 2})
    with pytest.raises(InputError, match="has run schema 2, this version reads schema 1"):
        artifacts.read_json(path, "run")
    path.write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        artifacts.read_json(path, "run")
    with pytest.raises(InputError, match="cannot be read"):
        artifacts.read_json(tmp_path / "none.json", "run")


def test_nan_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    artifacts.write_json(path, {"x": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        artifacts.write_json(path, {"x": float("nan")})
    assert json.loads(path.read_text()) == {"x": 1} and list(tmp_path.iterdir()) == [path]


def test_npz_without_objects(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    artifacts.write_npz(path, a=np.arange(3), b=np.eye(2))
    assert artifacts.read_npz(path, "a")["a"].tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="lacks c; it holds a, b"):
        artifacts.read_npz(path, "a", "c")
    with pytest.raises(ValueError, match="object"):
        artifacts.write_npz(path, a=np.array([{}]))
    np.savez(path, a=np.array([{"x": 1}], dtype=object))
    with pytest.raises(InputError, match="without objects"):
        artifacts.read_npz(path, "a")
    data = bytearray(path.read_bytes())
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="not a readable npz"):
        artifacts.read_npz(path)
    with pytest.raises(InputError, match="no such file"):
        artifacts.read_npz(tmp_path / "none.npz", "a")


def test_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "runs" / "a"
    with artifacts.folder(out, "run") as temporary:
        (temporary / "run.json").write_text("1")
        assert not out.exists()
    assert (out / "run.json").read_text() == "1"
    with pytest.raises(RuntimeError), artifacts.folder(out, "run") as temporary:
        (temporary / "run.json").write_text("2")
        raise RuntimeError
    assert (out / "run.json").read_text() == "1"
    with artifacts.folder(out, "run") as temporary:
        (temporary / "run.json").write_text("3")
    assert [p.name for p in out.parent.iterdir()] == ["a"] and (out / "run.json").read_text() == "3"


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="choose another folder"), artifacts.folder(tmp_path):
        pass
    assert (tmp_path / "thesis.tex").read_text() == "precious"
    with pytest.raises(InputError, match="is a file"), artifacts.folder(tmp_path / "thesis.tex"):
        pass


def test_sha256_of_the_standard_vector(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
    assert artifacts.sha256_file(tmp_path / "abc") == artifacts.sha256_bytes(b"abc") == expected


@pytest.mark.parametrize(("error", "status"), [(InputError("x: wrong"), 2), (KeyboardInterrupt(), 130), (None, 0)])
def test_command_exit_status(error: BaseException | None, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    def main(_: object) -> int:
        if error:
            raise error
        return 0

    with pytest.raises(SystemExit) as stop:
        artifacts.command(main)
    assert stop.value.code == status
    assert capsys.readouterr().err == ("error: x: wrong\n" if status == 2 else "")
