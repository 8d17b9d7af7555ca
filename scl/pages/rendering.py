"""From a template to a page: jinja2 with every text escaped and made printable."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scl.text import printable

if TYPE_CHECKING:  # it comes with numpy, which --help does without
    from scl.robustness import Interval

FOLDER = Path(__file__).parent


def render(template: Path, values: Mapping[str, Any]) -> str:
    """The page of a template, which extends `base.html` of this folder, with the values that it names.

    Raises MissingExtraError without jinja2.
    """
    from scl.extras import require

    require("jinja2")
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, FOLDER]),
        autoescape=True,
        finalize=_printable,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": share, "number": number, "between": between, "points": points}
    return environment.get_template(template.name).render(style=(FOLDER / "style.css").read_text("utf-8"), **values)


def _printable(value: Any) -> Any:
    """Texts of others are made printable; what a template or a chart wrote itself is Markup, and has line ends."""
    return printable(value) if type(value) is str else value


def share(value: float | None, digits: int = 1) -> str:
    """A share in per cent."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def number(value: float | None, digits: int = 3) -> str:
    """A number with commas between thousands."""
    return "–" if value is None else f"{value:,.{digits}f}"


def between(interval: "Interval | None", digits: int = 1) -> str:
    """An interval of shares in per cent."""
    return "" if interval is None else f"{100 * interval[0]:.{digits}f} to {100 * interval[1]:.{digits}f} %"


def points(value: float | None, digits: int = 1) -> str:
    """A difference of shares in points, with its sign."""
    return "–" if value is None else f"{100 * value:+.{digits}f}"
