"""Every error that a user can meet says what to do about it.

The rule: its text has a clause that begins with a verb of `VERBS` ("; export it again"), or names a command of ours, or
what can be chosen ("there are 1, 2 and 3"), or puts in a variable whose name says that it holds such a clause
("{advice}"). Where a person has written what is wrong, be it a file or an option (`WRITTEN`), what was expected instead
is what to do: ", expected a number above 0". Constants are read in place. Errors whose text comes from elsewhere are in
`PASSED_ON`, each with where it is made.

docs/troubleshooting.md quotes such texts, word for word: `…` there stands for what differs from case to case.
"""

import ast
import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("scl", "train", "calibration", "export", "firmware_host")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
VERBS = (
    "add|allow|ask|build|calibrate|call|capture|change|check|choose|close|convert|copy|correct|cut|divide"
    "|download|drop|end|export|fill|fix|flash|get|give|go|install|keep|leave|link|load|lower|make|mend|mount|move"
    "|multiply|name|pip|plug|put|raise|record|reinstall|remove|rename|repair|replace|report|reset|restore|run"
    "|save|say|see|send|set|shorten|start|take|train|try|unset|update|use|wait|write"
)
# Files whose errors are about what a person has written.
WRITTEN = re.compile(
    r"scl/arguments|scl/artifacts/toml_files|scl/frontend/sensor|train/data/(csv|data_set|dataset|ecg|imu)"
    r"|train/data/(ptbxl|registry)"
    r"|train/run/(flags|sweep_file)|export/(cost/budget|quantize|pipeline)|firmware_host/port_causes"
)
CHOICES = re.compile(
    r"there are \{|; (it|they) (has|have|names) \{|known keys: |its classes: |devices: |the nearest supported"
)
COMMAND = re.compile(r"python -m \w|; train\.ecg ")
ADVICE = re.compile(r"\{[^}]*(advice|ADVICE|HELP|_choose\(\)|again)[^}]*\}")
CLAUSE = re.compile(rf"(?:[;:,.(\n]|\b(?:or|and|else|please|then|first|never)) (?:{VERBS})\b")
BEGUN = {"InputError", "ExportError", "ReplayError", "_OtherError", "argparse.ArgumentTypeError"}
ELSEWHERE = "an InputError's own text"
# Calls whose text is made elsewhere.
PASSED_ON = {
    "InputError(str(error))": ELSEWHERE,
    "InputError(outcome.stopped)": "the InputError that ended a Flight",
    "InputError(f'port {self.link.name}: {error}')": "a MessageError's own text",
    "InputError(f'{where}: {error}')": "an _OtherError's own text",
    "InputError(f'{arguments.run}: tensor {name}: {error}')": "the InputErrors of calibration.ranges itself",
    "InputError(f'{where}: tensor {name}: {error}')": "the InputErrors of calibration.ranges itself",
    "InputError('; '.join(too_large))": "scl.memory.lacking, whose text names what makes a model smaller",
    "InputError(f'{path}: {lacking(board, region, memory[region], needed)}')": "scl.memory.lacking",
    "InputError(f'{where}: {lacking(board, region, available[region], needed)}')": "scl.memory.lacking",
    "InputError(f\"{text} is of {tensor.kind.lower() or 'no known kind'}; "
    '{OTHER_KINDS.get(tensor.kind, FULL_INT8)}")': "tflite_graph.OTHER_KINDS",
    "InputError('\\n'.join(refused))": ELSEWHERE,
    "InputError(self._rates(rates))": "EcgSet._rates, which tests/train/data/test_ecg_set.py reads",
    "InputError(f'{source.folder / name}: {problem}')": "train.data.imu_contents.clock_problem",
    "InputError(f\"{where}: {(f'to {doing}: ' if doing else '')}{message}\")": "the child's own InputError",
    "ExportError(message)": "the child's own ExportError",
    "InputError(f'port {self.name}: within {boot_timeout_s:g} s {self._heard.cause()}')": "Heard.cause",
    "PortMissingError(f'port {url}: {_absent(url, is_url, reason)}')": "port_causes._absent",
    "PortDeniedError(f'port {url}: permission denied; {_permission(url)}')": "port_causes._permission",
    "PortLostError(f'port {name}: {_lost(path, error)}')": "port_causes._lost",
    "InputError(done.stderr.strip().partition('error: ')[2] or done.stderr.strip() or "
    "f\"{' '.join(command)} failed\")": "the InputError of firmware_host.probe",
    "InputError(f'{source.folder}: no row has a class; {_where_classes_come_from(source)}')": "imu_folder",
    "PortLostError(text)": "a trace's, which an earlier PortLostError wrote",
    "InputError(f\"{path}: {sentence(first).replace('field ', 'key ', 1)}\")": "found and expected",
}
# Texts that say it in another way.
OTHERWISE = {
    "ExportError('\\n'.join(['it does not fit the budget:', *missed, FLAGS]))": "each line says what makes it fit",
    "argparse.ArgumentTypeError(f'{shortened(text)} is not {expected}')": "what is expected stands behind `is not`",
}


def raised() -> set[str]:
    """InputError and what is made of it, by name."""
    classes = set(BEGUN)
    while True:
        more = {
            node.name
            for tree in TREES.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) in classes for base in node.bases)
        }
        if more <= classes:
            return classes
        classes |= more


TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in FILES}


def template(node: ast.expr, names: dict[str, object]) -> str | None:
    """The text of an expression, what is put in as {expression}; None if no text stands in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(template(part, names) or f"{{{ast.unparse(part)}}}" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        inner = template(node.value, names)
        return inner if inner is not None else f"{{{ast.unparse(node.value)}}}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
        parts = [template(side, names) for side in (node.left, node.right)]
        return None if parts == [None, None] else "".join(part or "" for part in parts)
    if isinstance(node, ast.IfExp):  # the clause has to stand in each branch
        branches = [template(side, names) for side in (node.body, node.orelse)]
        return None if None in branches else min((str(b) for b in branches), key=says_what_to_do)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
        return template(node.func.value, names)
    if isinstance(node, ast.Name) and isinstance(names.get(node.id), str):
        return str(names[node.id])
    return None


def says_what_to_do(text: str, written: bool = False) -> bool:
    if written and "expected" in text:
        return True
    if any(rule.search(text) for rule in (ADVICE, CHOICES, COMMAND)):
        return True
    return CLAUSE.search(text) is not None


def module(file: str) -> dict[str, object]:
    """The names that a file defines and imports, with what they stand for."""
    return vars(importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")))


def texts() -> Iterator[tuple[str, int, str, str | None]]:
    """File, line, call and text of each error; None for one whose text is made elsewhere.

    Of a class that makes the text itself, what it is called with is no text, and its own is looked at instead.
    """
    classes = raised()
    own = {node.name: node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    makes = {name for name in classes & own.keys() if any(isinstance(part, ast.FunctionDef) for part in own[name].body)}
    makes |= {name for name in classes & own.keys() if any(ast.unparse(base) in makes for base in own[name].bases)}
    for file, tree in TREES.items():
        names = module(file)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name in makes:
                for part in ast.walk(node):
                    if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "text":
                        yield file, part.lineno, ast.unparse(part), template(part.value, names)
                    elif (
                        isinstance(part, ast.Call)
                        and ast.unparse(part.func) == "super().__init__"
                        and ast.unparse(part.args[0]) != "self.text.format(port=port, when=when)"
                    ):
                        yield file, part.lineno, ast.unparse(part), template(part.args[0], names)
            elif isinstance(node, ast.Call) and node.args:
                called = ast.unparse(node.func)
                if called in classes - makes or called in ("options.error", "parser.error"):
                    yield file, node.lineno, ast.unparse(node), template(node.args[0], names)


ALL = list(texts())


def test_errors_are_found() -> None:
    """Those of every folder, and of every type that a user meets."""
    assert len(ALL) > 400 and {file.split("/")[0] for file, *_ in ALL} == set(FOLDERS)
    assert {"PortError", "PortNameError", "MessageError", "BoardResetError", "WriteError"} <= raised()
    assert any(text and "flash firmware built from this checkout" in text for *_, text in ALL)


def test_every_error_says_what_to_do() -> None:
    silent = [
        f"{file}:{line}: {text}"
        for file, line, call, text in ALL
        if call not in PASSED_ON
        and call not in OTHERWISE
        and not (text is not None and says_what_to_do(text, WRITTEN.match(file) is not None))
    ]
    assert not silent, "\n".join(["no next step:", *silent])


def test_exceptions_are_still_there() -> None:
    calls = {call for _, _, call, _ in ALL}
    assert set(PASSED_ON) | set(OTHERWISE) <= calls


def test_advice_is_advice() -> None:
    """What is put in as {advice} begins with a verb, or is a command or the place of the official files."""
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            values = []
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                values = [node.value for target in targets if ast.unparse(target).lower().endswith("advice")]
            elif isinstance(node, ast.keyword) and node.arg == "advice":
                values = [node.value]
            for value in values:
                text = template(value, module(file))
                if text is not None:
                    said = says_what_to_do(f"; {text}") or text.startswith(
                        ("expected ", "a name has ", "it is a mount")
                    )
                    assert said or " makes " in text, ast.unparse(node)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("InputError(f'{path}: is damaged')", False),
        ("InputError(f'{path}: is damaged; bad')", False),
        ("InputError(f'{path}: is damaged, expected a run')", False),
        ("InputError(f'{path}: is damaged; copy it again')", True),
        ("InputError(f'{path}: is damaged; {self.advice}')", True),
        ("InputError(f'{path}: is damaged' + ('; copy it again' if x else ''))", False),
        ("InputError(f'{path}: has no subject {n}; there are {names}')", True),
        ("InputError('x: no such file; python -m train.imu makes one')", True),
    ],
)
def test_the_rule_can_fail(code: str, says: bool) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert says_what_to_do(template(call.args[0], {}) or "") is says


TROUBLES = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
QUOTES = re.findall(r"^> `(.*)`$", TROUBLES, re.MULTILINE)


@functools.cache
def said() -> list[str]:
    """Every text of the sources, what is put in as {expression}; and the lines of the Makefile."""
    found = [text for *_, text in ALL if text]
    for file, tree in TREES.items():
        names = module(file)
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr | ast.Constant | ast.BinOp) and (text := template(node, names)):
                found.append(text)
    return found + (ROOT / "Makefile").read_text("utf-8").splitlines()


@pytest.mark.parametrize("quote", QUOTES)
def test_a_text_quoted_in_troubleshooting_is_the_programs(quote: str) -> None:
    parts = [part.strip() for part in quote.split("…") if part.strip(" ;:,()")]
    assert sum(map(len, parts)) > 15, "too short to be found by"
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    assert any(pattern.search(text) for text in said())


def test_each_quoted_text_has_an_answer() -> None:
    assert len(QUOTES) > 25
    for section in re.split(r"^### ", TROUBLES, flags=re.MULTILINE)[1:]:
        assert [line for line in section.splitlines()[1:] if line and not line.startswith(("> ", "#"))], section
