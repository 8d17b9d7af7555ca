"""A session of heartbeats in words and numbers, as the page and the terminal show it."""

from firmware_host.beat_lines import beat_answer, rhythm_answer
from firmware_host.hello import NO_DEVICE
from firmware_host.messages import ABSTAIN
from firmware_host.model import answered_name
from firmware_host.monitoring.agreement import Agreement
from firmware_host.monitoring.disturbance import Disturbance
from firmware_host.monitoring.heart import SHOWN_S, Beat, Heart
from firmware_host.monitoring.heart_own import OwnHeart
from firmware_host.monitoring.heart_played import PlayedHeart
from firmware_host.monitoring.heart_shown import (
    AgreementShown,
    BeatShown,
    DisturbanceShown,
    HeartAbout,
    HeartState,
    Mark,
    RhythmShown,
    TraceShown,
)
from firmware_host.monitoring.shown import PairsShown
from firmware_host.monitoring.state import link_of, recording_of
from scl.frontend.counts import from_counts
from scl.frontend.flags import in_words
from scl.frontend.rhythm import NO_CLASS
from scl.text import printable

TRACE_HZ = 180.0  # about so many values of the picture in a second
DIGITS = 4


def about_heart(session: Heart) -> HeartAbout:
    """What stays the same for as long as the monitor runs."""
    played = session.source if isinstance(session, PlayedHeart) else None
    return {
        "kind": "about",
        "heart": True,
        "model": printable(session.manifest.name),
        "labels": [printable(label) for label in session.manifest.labels],
        "source": printable(played.name) if played else "",
        "recordings": [printable(name) for name in played.names] if played else [],
        "notice": NO_DEVICE,
        "shown_s": SHOWN_S,
    }


def state_heart(session: Heart) -> HeartState:
    """What is shown now."""
    with session.changed:
        played = session if isinstance(session, PlayedHeart) else None
        latency = session.median_latency_s
        return {
            "kind": "state",
            "place": _place(session),
            "label": printable(played.stretch.name) if played else "",
            "paused": played is not None and played.paused,
            "recording_number": played.number if played else 0,
            "boards": [link_of(session, 0)],
            "recording": recording_of(session),
            "trace": _trace(session),
            "beats": [_beat(session, beat) for beat in session.beats],
            "truth": _truth(played) if played else [],
            "answers": session.answers,
            "rhythm": _rhythm(session),
            "agreement": _agreement(played.truth if played else None),
            "kept": _kept(played.held if played else None),
            "median_latency_s": None if latency is None else round(latency, DIGITS),
            "disturbance": _disturbance(played.disturbance if played else Disturbance()),
        }


def _place(session: Heart) -> str:
    if isinstance(session, PlayedHeart):
        total = len(session.stretch.counts)
        return f"{session.position / session.rate_hz:.1f} s of {total / session.rate_hz:.1f} s"
    assert isinstance(session, OwnHeart)
    return f"{session.missed} beats lost on the line; {session.dropped} samples lost on the board"


def _trace(session: Heart) -> TraceShown:
    """Every so manieth sample, always the same ones, so that the picture moves and does not flicker."""
    step = max(1, round(session.rate_hz / TRACE_HZ))
    first = session.passed - len(session.counts)
    taken = session.counts[-first % step :: step]
    millivolts = from_counts(taken[None], session.manifest.sensor)[0, 0]
    return {
        "start": (first + -first % step) / session.rate_hz,
        "end": session.passed / session.rate_hz,
        "step": step / session.rate_hz,
        "values": [round(value, 3) for value in millivolts.tolist()],
    }


def _beat(session: Heart, beat: Beat) -> BeatShown:
    answer, record = beat_answer(beat.record, session.manifest), beat.record
    return {
        "seconds": beat.at / session.rate_hz,
        "name": printable(beat.name),
        "confidence": round(answer.confidence, DIGITS),
        "interval_s": None if answer.interval_s is None else round(answer.interval_s, DIGITS),
        "latency_s": round((record.end - record.sample) / session.rate_hz, DIGITS),
        "flags": in_words(record.flags).strip().replace("  ", ", "),
    }


def _truth(session: PlayedHeart) -> list[Mark]:
    """Annotated beats of what was sent."""
    if session.stretch.truth is None:
        return []
    marks = session.stretch.truth.within(session.passed - len(session.counts), session.passed)
    return [[at / session.rate_hz, name] for at, name in zip(marks.at.tolist(), marks.names, strict=True)]


def _rhythm(session: Heart) -> RhythmShown | None:
    """Behind the latest beat; None before there is one."""
    if not session.beats:
        return None
    record = session.beats[-1].record
    answer = rhythm_answer([record], session.manifest)
    assert answer is not None
    worst = ABSTAIN if record.rhythm.worst == NO_CLASS else record.rhythm.worst
    return {
        "heart_rate": answer.heart_rate,
        "rmssd_ms": answer.rmssd_ms,
        "irregular": answer.irregular,
        "pauses": answer.pauses,
        "couplets": answer.couplets,
        "runs": answer.runs,
        "longest_run": answer.longest_run,
        "downward": None if answer.downward is None else answer.downward > 0,
        "worst": printable(answered_name(session.manifest, worst)),
    }


def _agreement(one: Agreement | None) -> AgreementShown | None:
    if one is None:
        return None
    return {
        "known": one.known,
        "same": one.same,
        "classes": [{"name": printable(c.name), "known": c.known, "same": c.same} for c in one.classes],
        "missed": one.missed,
        "extra": one.extra,
        "others": one.others,
    }


def _kept(one: Agreement | None) -> PairsShown | None:
    return None if one is None else {"equal": one.same, "compared": one.known}


def _disturbance(one: Disturbance) -> DisturbanceShown:
    return {"gain": one.gain, "wander": one.wander_mv, "inverted": one.inverted}
