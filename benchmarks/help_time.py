"""CPU time of every command's --help, which is to stay under 0.3 s: the least of several starts, user and system.

    python benchmarks/help_time.py

Other programs make it longer, on two cores by half and more; tests/scl/test_help.py holds what it depends on, the
modules that are imported.
"""

import resource
import subprocess
import sys

from scl.commands import COMMANDS

STARTS = 8
MOST_S = 0.3


def seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    slow = 0
    for name, (module, _) in COMMANDS.items():
        least = min(seconds([sys.executable, "-m", module, "--help"]) for _ in range(STARTS))
        slow += least > MOST_S
        print(f"{name:16}{least:.3f} s{' (too long)' * (least > MOST_S)}")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
