"""The text files of WISDM: rows `subject,activity,timestamp,x,y,z;` of a sensor, and the activities' names."""

import re
from dataclasses import dataclass

import numpy as np

from scl.artifacts import InputError, shortened

MALFORMED_LIMIT = 0.01
NUMBER = rb"[ \t]*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,2})?)[ \t]*"
TIME = rb"[ \t]*(\d{1,18}|[0-8]\d{18})[ \t]*"  # as int64 holds: until the year 2255
BOM = b"\xef\xbb\xbf"
STEP_NS = 50_000_000  # between rows, nominal
LEAST_STEP_NS, MOST_STEP_NS = 1_000_000, 1_000_000_000  # of a clock in nanoseconds, from 1000 Hz to 1 Hz
MOST_LIKELY_NS = 100_000_000  # of a recording as this one, 10 Hz
UNITS = {"seconds": 10**9, "milliseconds": 10**6, "microseconds": 10**3}


@dataclass(frozen=True, eq=False)
class Rows:
    """A file's rows: activity codes (n,), times (n,) int64 ns and values (n, 3) float64; and how many are malformed."""

    codes: np.ndarray
    times: np.ndarray
    values: np.ndarray
    malformed: int

    def of(self, code: str) -> tuple[np.ndarray, np.ndarray]:
        """Times and values of one activity."""
        chosen = self.codes == code.encode()
        return self.times[chosen], self.values[chosen]


def read_rows(data: bytes, subject: int, where: str) -> Rows:
    """The rows of a file's bytes; `where` names the file in messages.

    A row of another subject is malformed too: it would carry a test subject into training.

    Raises InputError if more than 1 % of the rows are malformed, or there is none, or times are no nanoseconds.
    """
    data = data.removeprefix(BOM)
    row = re.compile(
        rb"^[ \t]*%d[ \t]*,[ \t]*([A-Z])[ \t]*,%b,%b,%b,%b(?:;[ \t]*)?\r?$" % (subject, TIME, NUMBER, NUMBER, NUMBER),
        re.MULTILINE,
    )
    rows = row.findall(data)
    lines = sum(1 for _ in re.finditer(rb"\S[^\n]*", data))
    malformed = lines - len(rows)
    if malformed > MALFORMED_LIMIT * lines:
        number, text = next((i, t) for i, t in enumerate(data.split(b"\n"), 1) if t.strip() and not row.match(t))
        raise InputError(
            f"{where} has {malformed} malformed rows of {lines}, more than {MALFORMED_LIMIT:.0%}; line {number} is "
            f"{text[:60]!r}, expected `{subject},activity,timestamp,x,y,z;` with a whole number of nanoseconds as "
            "timestamp; repair or remove the file"
        )
    if not rows:
        raise InputError(f"{where} is empty; download the archive again or remove the file")
    codes, times, *axes = zip(*rows, strict=True)
    values = np.stack([np.array(axis).astype(np.float64) for axis in axes], axis=1)
    found = Rows(np.array(codes), np.array(times).astype(np.int64), values, malformed)
    _check_clock(found.times, where)
    return found


def _check_clock(times: np.ndarray, where: str) -> None:
    """Raises InputError if times (n,) cannot be nanoseconds, as the step between rows tells."""
    steps = np.diff(times)
    steps = steps[steps > 0]
    step = int(np.median(steps)) if len(steps) else STEP_NS
    if LEAST_STEP_NS <= step <= MOST_STEP_NS:
        return
    # Whole seconds advance by 1, and stand still in between.
    likely = (unit for unit, ns in UNITS.items() if LEAST_STEP_NS < step * ns <= MOST_LIKELY_NS or step * ns == 10**9)
    unit = next(likely, None)
    advice = f"they look like {unit}: multiply them by {UNITS[unit]:,}" if unit else "write them in nanoseconds"
    raise InputError(
        f"{where}: timestamps advance by {step:,} from row to row, expected about {STEP_NS:,} (nanoseconds, at 20 Hz); "
        f"{advice}"
    )


def activity_names(data: bytes, where: str) -> dict[str, str]:
    """Names of the activities by their codes, from lines like `walking = A`.

    Raises InputError for another line, or for a name or a code that stands twice.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is no UTF-8 text ({error}); write it as UTF-8") from error
    names: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        name, code = (part.strip() for part in line.rpartition("=")[::2])
        known = code in names or name in names.values()
        if line.strip() and (known or not name or not name.isprintable() or not re.fullmatch("[A-Z]", code)):
            expected = "a name and a capital letter such as `walking = A`, each of them once"
            raise InputError(f"{where}, line {number}: is {shortened(line)}, expected {expected}; repair the file")
        if line.strip():
            names[code] = name
    if not names:
        raise InputError(f"{where} has no line like `walking = A`; download the archive again")
    return names
