"""`scl`: every command under one name. `scl train imu ...` is `python -m train.imu ...`, and so on.

A command's module is imported when it is asked for: the list needs none of them.
"""

import difflib
import os
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import cast

from scl import __version__
from scl.arguments import Parser
from scl.artifacts import InputError, command
from scl.text import say

COMMANDS = {
    "check": ("train.data.check", "read a folder of recordings and say what looks wrong"),
    "train imu": ("train.imu", "train on IMU recordings under 3-D rotation"),
    "train ecg": ("train.ecg", "train on ECG under time shift"),
    "train fusion": ("train.fusion", "train one head for both sensors"),
    "train sweep": ("train.sweep", "train a grid of options and seeds"),
    "train transfer": ("train.transfer", "a run's figures on other devices or people"),
    "train probe": ("train.probe", "what each group of the latent holds"),
    "calibrate": ("calibration.ranges", "activation ranges for quantization"),
    "sensor": ("calibration.sensor", "sensor files, and the calibration of one unit"),
    "export": ("export.quantize", "quantize a run, or a model of your own, to a bundle for boards"),
    "profile": ("export.profile", "instructions, flash and memory, layer by layer"),
    "package": ("export.package", "a bundle as a source package for a build system"),
    "recording": ("export.recording", "a subject's recording as a capture file"),
    "convert": ("export.capture", "numbers in physical units as a capture file"),
    "ports": ("firmware_host.ports", "serial ports that may have a board"),
    "validate": ("firmware_host.validate", "measure exactness, accuracy and consistency on a board"),
    "report": ("firmware_host.report", "two validation reports side by side"),
    "monitor": ("firmware_host.monitor", "turn the sensor on a page and see what the board answers"),
    "stream": ("firmware_host.stream", "play a recording to a board"),
    "capture": ("firmware_host.capture", "record the board's own sensor"),
    "live": ("firmware_host.live", "classify the board's own sensor, hop by hop"),
    "probe": ("firmware_host.probe", "what each layer takes on a board"),
    "replay": ("firmware_host.replay", "what a trace says"),
    "completion": ("scl.completion", "what a shell needs to complete these commands"),
}
HELP = "usage: scl COMMAND [options]; scl COMMAND --help has its options and examples"


def main() -> None:
    """The console script. Exit status: the command's own; 2 for one that is not known."""
    if "_ARGCOMPLETE" in os.environ:  # a shell asks, not a person
        from scl.completion import complete

        complete({name: module for name, (module, _) in COMMANDS.items()})
    command(_main)


def _main(argv: Sequence[str]) -> int | None:
    if not argv or argv[0] in ("-h", "--help"):
        say(HELP, "", *_list(COMMANDS))
        return 0 if argv else 2
    if argv[0] == "--version":
        say(f"scl-wearable {__version__}")
        return 0
    for words in (2, 1):
        name = " ".join(argv[:words])
        if name in COMMANDS:
            Parser.program = f"scl {name}"
            return _module_main(COMMANDS[name][0])(argv[words:])
    group = [name for name in COMMANDS if name.startswith(f"{argv[0]} ")]
    if group and (len(argv) == 1 or argv[1] in ("-h", "--help")):
        say(HELP, "", *_list(group))
        return 0 if len(argv) > 1 else 2
    typed = " ".join(argv[:2]) if group else argv[0]
    nearest = difflib.get_close_matches(typed, COMMANDS, 1)
    advice = f"run scl {nearest[0]}" if nearest else "run scl --help, which lists them"
    raise InputError(f"{typed} is not a command, expected one of {len(COMMANDS)}; {advice}")


def _list(names: Iterable[str]) -> list[str]:
    return [f"  {name:16}{COMMANDS[name][1]}" for name in names]


def _module_main(module: str) -> Callable[[Sequence[str]], int | None]:
    return cast(Callable[[Sequence[str]], int | None], import_module(module).main)
