"""The decisions behind a board's logits: how answers carry them, what the desktop decides, and DECIDE."""

import argparse
import struct
from dataclasses import astuple, replace
from typing import Protocol

import numpy as np

from firmware_host.link import Link
from firmware_host.message_error import MessageError
from firmware_host.messages import ABSTAIN, UNSURE_CODE
from firmware_host.model import class_name
from firmware_host.protocol import Type
from scl.arguments import FRACTION, number
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.decision import Decision
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest
from scl.belief import ONE, UNSURE, Decisions, DecisionSettings, decide_alone
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF

_SETTINGS = struct.Struct("<IIHH")
CODES = {ABSTAIN: LOST, UNSURE_CODE: UNSURE}


def decide(settings: DecisionSettings) -> bytes:
    """Payload of a DECIDE request that sets, and of its answer."""
    return _SETTINGS.pack(*astuple(settings))


def decides_by(payload: bytes) -> DecisionSettings:
    """By what a board decides, of a DECIDE answer."""
    if len(payload) != _SETTINGS.size:
        raise MessageError(f"a DECIDE answer of {len(payload)} bytes; {_SETTINGS.size} expected")
    try:
        return DecisionSettings(*_SETTINGS.unpack(payload))
    except ValueError as error:
        raise MessageError(f"a DECIDE answer in which {error}") from error


class Decided(Protocol):
    """What every answer with a decision has."""

    @property
    def decided(self) -> int: ...

    @property
    def confidence(self) -> int: ...


def decision_name(manifest: BundleManifest, answer: Decided) -> str:
    """The decided class's name, "unsure" or "abstained". Raises MessageError for a class that the model lacks."""
    code = CODES.get(answer.decided, answer.decided)
    return "unsure" if code == UNSURE else class_name(manifest, code)


def confidence(manifest: BundleManifest, answer: Decided) -> float | None:
    """Share of the likeliest class, 0 to 1; None of a model without decisions."""
    return None if manifest.decision is None else answer.confidence / ONE


def in_words(manifest: BundleManifest, answer: Decided) -> str:
    """Name and confidence, as the commands print them."""
    sure = confidence(manifest, answer)
    name = decision_name(manifest, answer)
    return name if sure is None or answer.decided == ABSTAIN else f"{name} {sure:.2f}"


def desktop_decisions(manifest: BundleManifest, golden: Golden) -> Decisions:
    """What a board must decide about golden windows (transforms, windows), each by itself."""
    settings, classes = manifest.decision_settings(), golden.predictions
    if settings is None:
        return Decisions(classes, np.zeros_like(classes))
    return decide_alone(settings, golden.logits, golden.flags & LEAD_OFF > 0)


def add_decision_options(parser: argparse.ArgumentParser) -> None:
    """The flags --bout and --unsure, for `set_decisions`."""
    parser.add_argument(
        "--bout",
        type=number(0.001, 1e6),
        metavar="SECONDS",
        help="decide over time, where a class lasts so long on average (default: as the bundle was exported)",
    )
    parser.add_argument(
        "--unsure",
        type=FRACTION,
        metavar="MARGIN",
        help="be unsure where the shares of the two likeliest classes are closer than this, 0 to 1 (default: as the "
        "bundle was exported)",
    )


def check_decisions(bundle: Bundle[BundleManifest], bout_s: float | None, unsure: float | None, hop: int) -> None:
    """InputError for decisions that a bundle's model cannot have: before a board is opened."""
    manifest = bundle.manifest
    if manifest.decision is None:
        if bout_s is not None or unsure is not None:
            raise InputError(
                f"{bundle.path}: has no decisions behind its logits; leave --bout and --unsure out, or export a run "
                "with validation windows"
            )
        return
    try:
        manifest.decision_settings(hop, _wanted(manifest.decision, bout_s, unsure))
    except ValueError as error:
        raise InputError(f"{bundle.path}: {error}; give another --bout or --hop") from error


def set_decisions(link: Link, manifest: BundleManifest, bout_s: float | None, unsure: float | None, hop: int) -> None:
    """Has the board decide for this hop: by the bundle's settings, but for those that are given.

    Raises InputError if the board confirms others.
    """
    if manifest.decision is None:
        return
    settings = manifest.decision_settings(hop, _wanted(manifest.decision, bout_s, unsure))
    assert settings is not None  # as of every model with decisions
    confirmed = decides_by(link.request(Type.DECIDE, decide(settings)).payload)
    if confirmed != settings:
        raise InputError(
            f"port {link.name}: the board confirmed {confirmed}, {settings} was asked for; reset the board and start "
            "again"
        )


def refuse_decisions(bout_s: float | None, unsure: float | None) -> None:
    """InputError for decisions about heartbeats, which are answered one by one."""
    if bout_s is not None or unsure is not None:
        raise InputError("--bout and --unsure are for models of windows, and this one finds heartbeats; leave them out")


def _wanted(decision: Decision, bout_s: float | None, unsure: float | None) -> Decision:
    given = {"bout_s": bout_s, "unsure": unsure}
    return replace(decision, **{name: value for name, value in given.items() if value is not None})
