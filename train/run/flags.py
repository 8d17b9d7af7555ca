"""A training command's options from its flags and a TOML file."""

import argparse
from pathlib import Path

from scl.artifacts import InputError, read_toml
from train.run.config import TrainConfig
from train.run.options import facts


def add_options(parser: argparse.ArgumentParser, defaults: TrainConfig | None = None) -> None:
    """Adds `--config` and one flag per option; flags that are not given stay None."""
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="options from a file; flags take precedence")
    values = (defaults or TrainConfig()).as_dict()
    groups: dict[str, argparse._ArgumentGroup] = {}
    for name, group, field in TrainConfig.options():
        known = facts(field)
        if group not in groups:
            groups[group] = parser.add_argument_group(group)
        groups[group].add_argument(
            "--" + name.replace("_", "-"),
            dest=name,
            type=str if known.parse else field.type,
            choices=known.choices,
            metavar=known.unit,
            help=f"{known.help} (default {values[name]})",
        )


def from_arguments(arguments: argparse.Namespace, defaults: TrainConfig | None = None) -> TrainConfig:
    """Defaults, then the TOML file, then the flags. Raises InputError for an unknown key or a value out of range."""
    try:
        config = (defaults or TrainConfig()).changed(**given(arguments))
        config.check_method()
    except ValueError as error:
        source = "options" if arguments.config is None else f"{arguments.config} and flags"
        raise InputError(f"{source}: {error}; change it") from error
    return config


def given(arguments: argparse.Namespace) -> dict[str, object]:
    """The options that the TOML file or the flags say, by name. Raises InputError for an unknown key."""
    values = {} if arguments.config is None else _read(arguments.config)
    flags = {name: getattr(arguments, name) for name, _, _ in TrainConfig.options()}
    return values | {name: value for name, value in flags.items() if value is not None}


def _read(path: Path) -> dict[str, object]:
    values = read_toml(path, "a file of options in TOML")
    known = [name for name, _, _ in TrainConfig.options()]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InputError(f"{path}: unknown key {', '.join(unknown)}; known keys: {', '.join(known)}")
    return values
