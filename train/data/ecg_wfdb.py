"""WFDB records anywhere below a folder, found by their headers."""

import re

from scl.artifacts import InputError
from train.data.ecg_record import Listed, natural
from train.data.wfdb_files import Lead, Source
from train.data.wfdb_header import MOST_BYTES, content_lines, header_text
from train.data.wfdb_segments import describe, files_of, read_record

HEADER = ".hea"
# "patient 1", "Subject: p03", "patient_id = 17": a whole line of a header's comments, with a number in it.
COMMENT = re.compile(
    r"<?(patient|subject)(?:[ _-]?(?:id|number|no\.?|nr\.?))?>?\s*[:=#]?\s*([\w-]*\d[\w-]*)", re.IGNORECASE
)
FOLDER = re.compile(r"(patient|subject)[ _-]?[\w-]*\d[\w-]*", re.IGNORECASE)


class WfdbRecords:
    """The `Format` of WFDB. Segments of a record are no records of their own.

    Raises InputError for a header that is none, or of a kind that is not read.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        names = sorted((n.removesuffix(HEADER) for n in source.names if n.endswith(HEADER)), key=natural)
        self.described = {name: describe(source, name) for name in names if not _is_layout(source, name)}
        parts = {s.record for d in self.described.values() for s in d.segments}
        self.described = {name: d for name, d in self.described.items() if name not in parts}
        if not self.described:
            raise InputError(
                f"{source.path}: no header (.hea) below it describes a record with signals; "
                "give a folder where one does"
            )
        by_comment = {name: _of_comments(d.comments) for name, d in self.described.items()}
        commented = any(by_comment.values())
        self.subjects_from = "comments of headers" if commented else "names of folders"
        self.listed = tuple(
            Listed(name, d.leads, by_comment[name] if commented else _of_folders(name))
            for name, d in self.described.items()
        )

    def read(self, name: str, index: int) -> Lead:
        return read_record(self.source, name, self.described[name], index)

    def files(self, name: str) -> list[str]:
        return files_of(self.source, name, self.described[name])


def _is_layout(source: Source, name: str) -> bool:
    """Whether a header is the first segment of a variable layout: it names signals, and no files."""
    lines = content_lines(header_text(source.read(name + HEADER, MOST_BYTES)))
    return len(lines) > 1 and all(re.match(r"~[ \t]+0\b", line) for line in lines[1:])


def _of_comments(comments: tuple[str, ...]) -> str | None:
    """The patient that a header's comments name."""
    matches = (COMMENT.fullmatch(comment.strip()) for comment in comments)
    return next((match[2] for match in matches if match), None)


def _of_folders(name: str) -> str | None:
    """The patient that a folder above the record is named after."""
    return next((folder for folder in name.split("/")[:-1] if FOLDER.fullmatch(folder)), None)
