"""Steps of a long job on stderr, with the time that is left."""

import pytest

from scl import progress


def test_each_step_has_a_line_with_what_is_left(monkeypatch, capsys):
    """Of weights 1, 3 and 6: where the first one took 2 s, the others take 18 s by the same measure."""
    clock = iter([0.0, 2.0, 2.0, 5.0, 5.0, 6.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    steps = progress.Steps({"read": 1, "build": 3, "compare": 6})
    for name in ("read", "build", "compare"):
        with steps.step(name):
            pass
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "step 1 of 3: read ...",
        "step 2 of 3: build ... about 18 s left",
        "step 3 of 3: compare ... about 8 s left",  # 5 s for 4 of 10
    ]
    assert steps.seconds == {"read": 2.0, "build": 3.0, "compare": 1.0}


def test_a_step_with_nothing_to_do_takes_no_time(monkeypatch, capsys):
    """Of four alike the first is done already, and the second took 2 s: two are left."""
    clock = iter([0.0, 2.0, 2.0, 5.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    steps = progress.Steps(dict.fromkeys("abcd", 1.0))
    steps.skip("a")
    for name in "bc":
        with steps.step(name):
            pass
    assert capsys.readouterr().err.splitlines() == ["step 2 of 4: b ...", "step 3 of 4: c ... about 4 s left"]


def test_a_step_that_fails_is_not_done():
    steps = progress.Steps({"read": 1})
    with pytest.raises(OSError), steps.step("read"):
        raise OSError
    assert steps.seconds == {}


def test_a_pipe_has_a_line_per_tenth(capsys):
    with progress.progress(20, "windows") as done:
        for count in range(21):
            done(count)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [f"{count} of 20 windows" for count in range(2, 21, 2)]
