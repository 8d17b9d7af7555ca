"""Numbers that C and Python both write down, compared as the C compiler reads them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_host import hello, messages, protocol
from scl import belief, toolchain
from scl.frontend import flags

FIXTURE = Path(__file__).parent / "fixture_model"
NUMBERS = {
    "SCL_SATURATED": flags.SATURATED,
    "SCL_LEAD_OFF": flags.LEAD_OFF,
    "SCL_ABSTAIN": messages.ABSTAIN,
    "SCL_UNSURE": messages.UNSURE_CODE,
    "SCL_DECISION_ONE": belief.ONE,
    "SCL_MOST_SLOPE": belief.MOST_SLOPE,
    **{f"SCL_INPUT_{kind.name}": kind.value for kind in hello.InputKind},
    "SCL_PROTOCOL_VERSION": protocol.PROTOCOL_VERSION,
    "SCL_MAX_PAYLOAD": protocol.MAX_PAYLOAD,
    "SCL_MAX_WIRE": protocol.wire_size(protocol.MAX_PAYLOAD),
    "SCL_ANSWER": protocol.ANSWER,
    **{f"SCL_TYPE_{kind.name}": kind.value for kind in protocol.Type},
    **{f"SCL_ERROR_{code.name}": code.value for code in messages.ErrorCode},
}


def test_numbers_are_the_same_in_c(tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    prints = "".join(f'    printf("{name} %ld\\n", (long)({name}));\n' for name in NUMBERS)
    source = '#include <stdio.h>\n#include "model.h"\n#include "protocol.h"\n#include "ring.h"\n'
    (tmp_path / "print.c").write_text(source + f"int main(void)\n{{\n{prints}}}\n")
    folders = [f"-I{toolchain.FIRMWARE / 'src' / room}" for room in toolchain.ROOMS] + [f"-I{FIXTURE}"]
    subprocess.run(["gcc", "-std=c99", *folders, tmp_path / "print.c", "-o", tmp_path / "print"], check=True)
    printed = subprocess.run([tmp_path / "print"], check=True, capture_output=True, text=True).stdout
    assert {name: int(value) for name, value in map(str.split, printed.splitlines())} == NUMBERS
