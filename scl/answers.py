"""`--json`: a command's figures as one JSON document on stdout, for programs; what is said to people goes to stderr.

    with Answer(arguments.json) as answer:  # of a Parser(..., figures=True)
        ...
        answer.give(report)

The document is what the command writes as a file, where it writes one, else a `Document`; docs/schemas has the schema
of each. It is printed at the end in one piece: a command that fails leaves stdout empty.
"""

import sys
from types import TracebackType
from typing import Any

from scl.artifacts.json_files import Artifact, json_text
from scl.text import put


class Document(Artifact):
    """Base of the dataclasses that are printed with --json and are no file."""

    advice = "run the command again"


class Answer:
    """Where a command puts its figures; without --json it does nothing.

    Args:
        asked: whether --json was given.
    """

    def __init__(self, asked: bool) -> None:
        self._asked = asked
        self._document: Artifact | dict[str, Any] | None = None

    def give(self, document: Artifact | dict[str, Any]) -> None:
        """Notes what is printed at the end: an artefact, or what a JSON file holds, with its kind and schema."""
        self._document = document

    def __enter__(self) -> "Answer":
        self._stdout = sys.stdout
        if self._asked:
            sys.stdout = sys.stderr
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout = self._stdout
        if self._asked and error is None and self._document is not None:
            put(json_text(self._document).decode())
