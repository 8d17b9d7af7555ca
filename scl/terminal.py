"""rich's console for text that others wrote."""

from typing import Any

from rich.console import Console
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
