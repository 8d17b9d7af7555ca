"""rich's console for text that others wrote."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scl.text import printable


class PlainConsole(Console):
    """Every string, in a table's cells and titles as well, is shown as it stands: no markup, no emoji codes, printable.

    So `[/bold]` is a label like any other, and styles are given by rich's own arguments only. What the terminal's
    encoding lacks is escaped, the pages' dash for "no figure" becomes a hyphen there.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        shown = printable(text)
        if not self.encoding.startswith("utf"):
            shown = shown.replace("–", "-").encode(self.encoding, "backslashreplace").decode(self.encoding)
        return super().render_str(shown, **options | {"markup": False, "emoji": False})


def columns(title: str, names: Sequence[str], sections: Sequence[Sequence[Sequence[str]]]) -> Table:
    """A table of texts: the first column is of names, the others of figures; a line stands behind each section."""
    table = Table(title=title)
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place else "left")
    for rows in sections:
        for row in rows:
            table.add_row(*row)
        table.add_section()
    return table
