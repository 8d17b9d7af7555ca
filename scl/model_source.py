r"""Whether a bundle's C is what the exporter writes: constant data, and no code.

A compiler does what C says: `#include "/etc/passwd"` and `.incbin` read any file, and a constructor runs before main.
So a bundle's C is built only where every line of model_data.h is one of HEADER, and model_data.c is made of INCLUDES
and of definitions of these forms, whose values hold numbers, texts and names that are known: of kernels, of the
header's macros and of arrays above.

    static const TYPE NAME[] __attribute__((aligned(4))) = {...};
    static const char *const NAME[] = {"...", ...};
    const scl_network scl_network_data = {...};

No line is spliced and no trigraph stands there: a backslash is followed by three octal digits, and no text holds a
question mark. Numbers can still make the engine read and write beside its memory: boards/native/confine.h takes care.
"""

import re
from collections.abc import Collection
from pathlib import Path

from scl.artifacts import InputError, read_bytes, shortened
from scl.artifacts.bundle import C_FILES, Bundle
from scl.artifacts.manifest import BundleManifest
from scl.machines import FIRMWARE

MOST_BYTES = 32 << 20  # of a file: some million weights
MOST_DEFINITIONS = 10_000
MACROS = (
    "ARENA_BYTES|WINDOW|INPUTS|FEATURES|CLASSES|CHANNELS|RAW_SAMPLES|PHASE_TAPS|HOP|STREAM_BYTES|BEATS|BEATS_SAMPLES|"
    "BEATS_CORRECTED|DECISION"
)
GLOBALS = (
    "const scl_network scl_network_data",
    "const scl_network scl_stream_data",
    "const scl_frontend_config scl_frontend_data",
    "const scl_decision_settings scl_decision_data",
)
WRITTEN_BY = r"/\* Written by [a-z_.]+(?:; model [0-9a-f]{64})?\. \*/"
HEADER = re.compile(
    "|".join(
        [
            WRITTEN_BY,
            *map(re.escape, ("#ifndef SCL_MODEL_DATA_H", "#define SCL_MODEL_DATA_H", "#ifdef __cplusplus", "#endif")),
            *map(
                re.escape,
                ('#include "decision.h"', '#include "frontend.h"', '#include "network.h"', 'extern "C" {', "}"),
            ),
            rf"#define SCL_(?:{MACROS}) [0-9]{{1,9}}",
            *(f"extern {re.escape(line)};" for line in GLOBALS),
        ]
    )
)
INCLUDES = ('#include "model_data.h"\n', "#include <stddef.h>\n", '#include "kernels.h"\n')
BETWEEN = re.compile("|".join([WRITTEN_BY + "\n", *map(re.escape, INCLUDES), "\n"]))
DEFINED = re.compile(
    r"static const (?:u?int8_t|int32_t|float|scl_op|scl_sensor|char \*const|char) ([A-Za-z]\w*)\[(?:32)?\](?:\[[25]\])?"
    rf"(?: __attribute__\(\(aligned\(4\)\)\))? = |(?:{'|'.join(GLOBALS)}) = ",
    re.ASCII,
)
VALUE = re.compile(
    r"(?:[-{}, \n]|[0-9]+(?![0-9A-Za-z.]))+|(?P<name>[A-Za-z]\w*)|\.[a-z_0-9]+ = |[0-9](?:[ep][-+]|[0-9A-Za-z.])*"
    r'|"(?:[ !#->@-\[\]-~]|\\[0-7]{3})*"',
    re.ASCII,
)


def c_folder(bundle: Bundle[BundleManifest], trust: bool = False) -> Path:
    """The folder of a bundle's C files.

    Args:
        trust: they may hold what they like.

    Raises InputError, with file and line, if they hold more than data, or the manifest does not list them.
    """
    source, header = (bundle.file(name) for name in C_FILES)
    if not trust:
        kernels = (FIRMWARE / "src" / "engine" / "kernels.h").read_text(encoding="utf-8")
        _check_header(header)
        _check_source(source, re.findall(r"^void (scl_\w+)\(", kernels, re.MULTILINE))
    return source.parent


def _check_header(path: Path) -> None:
    text, at = _text(path), 0
    for line in text.split("\n"):
        if line and not HEADER.fullmatch(line):
            raise _refused(path, text, at)
        at += len(line) + 1


def _check_source(path: Path, kernels: Collection[str]) -> None:
    text, at, definitions = _text(path), 0, 0
    known = {"NULL", *kernels, *(f"SCL_{name}" for name in MACROS.split("|"))}
    while at < len(text):
        if between := BETWEEN.match(text, at):
            at = between.end()
            continue
        start, definitions = DEFINED.match(text, at), definitions + 1
        if start is None or definitions > MOST_DEFINITIONS:
            raise _refused(path, text, at)
        at = start.end()
        while not text.startswith(";\n", at):
            token = VALUE.match(text, at)
            if token is None or (token["name"] and token["name"] not in known):
                raise _refused(path, text, at)
            at = token.end()
        at += len(";\n")
        known |= set(start.groups()) - {None}


def _text(path: Path) -> str:
    return read_bytes(path, MOST_BYTES, "the C of a bundle").decode("latin-1")  # no byte above 127 is taken anywhere


def _refused(path: Path, text: str, at: int) -> InputError:
    line = text.count("\n", 0, at) + 1
    return InputError(
        f"{path}, line {line}: {shortened(text[at : at + 60])} is not what export.quantize writes, constant data; it "
        "is not built, since C can do anything to this computer: export the bundle again, or, where you know who wrote "
        "it, give --trust"
    )
