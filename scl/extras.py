"""The packages of an extra, which a light installation does not have."""

from importlib.util import find_spec


class MissingExtraError(ModuleNotFoundError):
    """The message names what is missing and the command that installs it."""


def require(extra: str, *packages: str) -> None:
    """Raises MissingExtraError where one of an extra's packages, by the names that are imported, is not installed."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise MissingExtraError(
            f"{', '.join(missing)} not installed; run python -m pip install 'scl-wearable[{extra}]'"
        )
