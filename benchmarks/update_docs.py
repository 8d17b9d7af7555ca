"""Puts measured figures into README.md and docs/RESULTS.md, between <!-- begin NAME --> and <!-- end NAME -->.

    make demo 2>&1 | tee build/demo.log
    python benchmarks/imu_methods.py
    python benchmarks/update_docs.py --demo-log build/demo.log

No figure on those pages is typed by hand.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from imu_methods import RESULTS, methods_table

ROOT = Path(__file__).parents[1]
DEMO = RESULTS.parent / "demo.txt"
EXPORT = RESULTS.parent / "demo_export.txt"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--demo-log", type=Path, help="what make demo printed; kept under benchmarks/results")
    arguments = options.parse_args()
    if arguments.demo_log:
        log = arguments.demo_log.read_text(encoding="utf-8")
        DEMO.write_text(after(log, r"^\s*demo on [^\n]*", r"^real\s|\Z"), encoding="utf-8")
        EXPORT.write_text(after(log, r"^Export of demo\s*$", r"^bundle: "), encoding="utf-8")
    blocks = {"demo": DEMO, "export": EXPORT}
    texts = {name: f"```\n{path.read_text(encoding='utf-8').rstrip()}\n```" for name, path in blocks.items()}
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))
    texts["imu_methods"] = methods_table(measured["runs"])
    for page in (ROOT / "README.md", ROOT / "docs" / "RESULTS.md"):
        text = page.read_text(encoding="utf-8")
        for name, new in texts.items():
            text = re.sub(
                rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)",
                lambda m, new=new: f"{m[1]}{new}\n{m[2]}",
                text,
                flags=re.DOTALL,
            )
        page.write_text(text, encoding="utf-8")


def after(log: str, first: str, last: str = r"\Z") -> str:
    """The part of a log from the line that matches `first` up to `last`, without trailing spaces."""
    found = re.search(rf"({first}.*?)(?={last})", log, re.DOTALL | re.MULTILINE)
    if not found:
        sys.exit(f"the log has no line that matches {first!r}")
    return "\n".join(line.rstrip() for line in found[1].splitlines()) + "\n"


if __name__ == "__main__":
    main()
