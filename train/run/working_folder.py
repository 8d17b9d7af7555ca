"""Where a run is trained: `<out>.partial`, which takes the name `out` when everything is there.

What is worth something is never removed without a word: a finished run at `out` and epochs in `<out>.partial` are
replaced with --force only, and after an interruption training goes on with --resume.
"""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scl import artifacts
from scl.artifacts import InputError, WriteError
from scl.text import say

MARK = "resume.json"
CHECKPOINT = "checkpoint.safetensors"


def add_flags(parser: argparse.ArgumentParser, default: str, resumable: bool = True) -> None:
    """Adds `--out`, `--force` and, where training can go on, `--resume`."""
    parser.add_argument("--out", type=Path, default=Path(default), help=f"run folder to write (default {default})")
    if resumable:
        parser.add_argument("--resume", action="store_true", help="go on with the interrupted run of --out")
    else:
        parser.set_defaults(resume=False)
    parser.add_argument("--force", action="store_true", help="replace a finished or an interrupted run of --out")


@dataclass(frozen=True)
class WorkingFolder:
    """The folder that a command trains in, and the one that it ends in.

    Attributes:
        out: the run folder.
        resume: training goes on from the checkpoint.
        force: a finished run at `out` may be replaced, and without `resume` an interrupted one too.
        again: the command line that goes on after an interruption.
    """

    out: Path
    resume: bool = False
    force: bool = False
    again: str = ""

    @classmethod
    def of_command(cls, module: str, argv: Sequence[str], arguments: argparse.Namespace) -> "WorkingFolder":
        """Of a command with the flags of `add_flags`, checked."""
        resume = [] if arguments.resume else ["--resume"]
        again = shlex.join([sys.orig_argv[0], "-m", module, *argv, *resume])
        folder = cls(arguments.out, arguments.resume, arguments.force, again)
        folder.check()
        return folder

    @property
    def partial(self) -> Path:
        return self.out.with_name(self.out.name + ".partial")

    @property
    def interrupted(self) -> bool:
        """Whether there is an interrupted run to go on with."""
        return os.path.isfile(self.partial / MARK)

    def check(self) -> None:
        """Raises InputError if something is in the way or nothing can be written; called before anything is loaded."""
        artifacts.sweep(self.out)
        artifacts.check_replaceable(self.out, "run")
        self._settle()
        if artifacts.kinds_in(self.out) and not self.force:
            raise InputError(
                f"{self.out}: holds a finished run; give --force to replace it, or another folder with --out"
            )
        if self.resume:
            if not self.interrupted:
                raise InputError(f"{self.partial}: there is no interrupted run to resume; leave out --resume")
        elif os.path.lexists(self.partial):
            if not self.interrupted:
                raise InputError(f"{self.partial}: is in the way and is not an interrupted run; remove or rename it")
            if self._holds_epochs() and not self.force:
                raise InputError(
                    f"{self.partial}: holds an interrupted run; go on with --resume, or start anew with --force"
                )
        artifacts.check_writable(self.partial / MARK if self.interrupted else self.partial, "another --out")

    def open(self, identity: dict[str, object]) -> Path:
        """The partial folder: kept if it is resumed, else made anew.

        Args:
            identity: what an interrupted run must have in common with the one that goes on with it, as JSON.

        Raises InputError if the interrupted run was another, or the folder cannot be made.
        """
        self.check()
        mark = self.partial / MARK
        if self.resume:
            before = artifacts.read_json(mark, "resume")
            changed = [k for k, v in identity.items() if json.loads(json.dumps(v)) != before.get(k)]
            if changed:
                raise InputError(
                    f"{mark}: the interrupted run had another {', '.join(changed)}; give the same options, or start "
                    "anew with --force"
                )
            return self.partial
        if self.partial.exists():
            artifacts.remove_folder(self.partial)
        with artifacts.folder(self.partial) as folder:
            artifacts.write_json(folder / MARK, {"kind": "resume", "schema": 1, **identity})
        return self.partial

    def finish(self) -> None:
        """Gives the partial folder its name, and removes what only a resumed training needs."""
        artifacts.replace_folder(self.partial, self.out, "run")
        self._remove_checkpoint()  # only now: killed before, the run can still be resumed

    def _settle(self) -> None:
        """Goes on with a `finish` that was killed: a finished run that holds MARK still. What it replaced may be left
        in the partial folder.
        """
        if not artifacts.kinds_in(self.out) or not (self.out / MARK).is_file():
            return
        if self.partial.is_dir() and not self.interrupted:
            artifacts.remove_folder(self.partial)
        self._remove_checkpoint()
        say(f"{self.out}: is finished; what the command that was killed then had left is removed", error=True)

    def _remove_checkpoint(self) -> None:
        """MARK goes last: as long as it is there, there is something to remove."""
        with artifacts.writing(self.out):
            for name in (CHECKPOINT, MARK):
                (self.out / name).unlink(missing_ok=True)

    @contextmanager
    def resumable(self) -> Iterator[None]:
        """Prints on Ctrl-C, and when the disk is full, how to go on, where epochs were trained, and lets it pass."""
        try:
            yield
        except (KeyboardInterrupt, WriteError):
            if self._holds_epochs():
                say("interrupted; to go on:", self.again, error=True)
            raise

    def _holds_epochs(self) -> bool:
        """Whether there is an interrupted run, with at least one epoch."""
        return self.interrupted and (self.partial / CHECKPOINT).is_file()
