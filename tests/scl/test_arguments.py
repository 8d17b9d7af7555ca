"""Arguments that no command should take."""

import pytest

from export import profile
from firmware_host import capture, probe, stream, validate

COMMANDS = {
    capture: ["B", "--out", "o", "--seconds", "1"],
    probe: ["B", "--out", "o"],
    profile: ["B"],
    stream: ["B", "--capture", "c"],
    validate: ["B"],
}


@pytest.mark.parametrize("baud", ["0", "-9600", "fast", "9600.5"])
@pytest.mark.parametrize("module", COMMANDS, ids=lambda module: module.__name__)
def test_a_baud_rate_is_a_positive_number(module, baud, capsys):
    with pytest.raises(SystemExit) as status:
        module.main([*COMMANDS[module], "--port", "/dev/null", "--baud", baud])
    assert status.value.code == 2
    message = capsys.readouterr().err
    assert f"{baud} is not a positive number" in message or f"invalid positive value: '{baud}'" in message
