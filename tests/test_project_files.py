"""What a newcomer, an index of packages and a citation manager read: the project's files agree with each other."""

import datetime
import re
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML reads CITATION.cff")

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]  # of Keep a Changelog 1.1.0, in its order


def test_the_citation_is_the_packages() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited["cff-version"] == "1.2.0" and cited["message"] and cited["type"] == "software"
    assert [author["name"] for author in cited["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert (cited["title"], cited["license"], cited["keywords"]) == (
        PROJECT["name"], PROJECT["license"], PROJECT["keywords"]
    )  # fmt: skip
    (paper,) = cited["references"]
    assert paper["url"] == PROJECT["urls"]["Paper"]
    assert {"type", "title", "authors"} <= set(paper)  # which CFF asks of a reference


def test_the_changelog_is_in_its_form() -> None:
    """Versions with dates, the newest first, and under each the kinds of changes in their order, none twice."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first, *versions = re.split(r"^## ", text, flags=re.MULTILINE)
    assert first.startswith("# Changelog\n")
    headings = [version.partition("\n")[0] for version in versions]
    assert headings[0] == "[Unreleased]"
    for heading in headings[1:]:
        number, date = re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\S+)", heading).groups()
        assert number and datetime.date.fromisoformat(date)
    for version in versions:
        kinds = re.findall(r"^### (.*)$", version, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]
        assert not re.search(r"^#### .*\n+(?=#|\Z)", version, re.MULTILINE)  # no empty part


def test_the_security_pages_name_each_other() -> None:
    assert "(docs/SECURITY.md)" in (ROOT / "SECURITY.md").read_text("utf-8")
    assert "SECURITY.md" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert "(../SECURITY.md)" in (ROOT / "docs" / "SECURITY.md").read_text("utf-8")


def test_the_versions_of_python_are_the_same_everywhere() -> None:
    named = "Programming Language :: Python :: "
    versions = [one.removeprefix(named) for one in PROJECT["classifiers"] if one.startswith(named)]
    first, last = versions[0], versions[-1]
    assert PROJECT["requires-python"] == f">={first}"
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"  {' | '.join(versions)}) ;;" in makefile and f"{first} to {last} is needed" in makefile
    assert f"with Python {first} to {last}, git and make" in (ROOT / "README.md").read_text("utf-8")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]["python_version"] == first
