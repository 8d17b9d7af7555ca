"""A chart of a page as a file of its own, in light and in dark."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

STYLE = Path(__file__).with_name("style.css")


def svg_file(chart: "Markup") -> str:
    """The chart with the page's colours, those of the dark where a reader's system asks for it, on their background.

    Examples:
        >>> from markupsafe import Markup
        >>> svg_file(Markup('<svg viewBox="0 0 9 9"><path d="M0 0h9"/></svg>')).splitlines()[-1:]
        ['<rect width="100%" height="100%" rx="4" fill="var(--back)"/><path d="M0 0h9"/></svg>']
    """
    lines = STYLE.read_text(encoding="utf-8").splitlines()
    colours = [line for line in lines if line.startswith((":root", "@media (prefers-color-scheme: dark)"))]
    colours += [line for line in lines if line.startswith("svg text")]
    head, _, rest = str(chart).partition(">")
    style = "\n".join(("<style>", *colours, "</style>"))
    back = '<rect width="100%" height="100%" rx="4" fill="var(--back)"/>'
    return f'{head} xmlns="http://www.w3.org/2000/svg">{style}\n{back}{rest}\n'
