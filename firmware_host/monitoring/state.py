"""The session in words and numbers, as the page and the terminal show it."""

import numpy as np

from firmware_host.monitoring import shown
from firmware_host.monitoring.answers import Point, Reading, invariant_size
from firmware_host.monitoring.session import Seat, Session
from firmware_host.monitoring.shared import Shared
from scl.artifacts.manifest import BundleManifest
from scl.frontend.counts import from_counts
from scl.text import printable

MOST_POINTS = 240  # of a signal: as many as a picture shows
MOST_FEATURES = 128
MOST_OUTPUTS = 16
DIGITS = 4


def about(session: Session) -> shown.About:
    """What stays the same for as long as the monitor runs."""
    manifest, frontend = session.manifest, session.manifest.frontend
    least, most = session.source.shifts
    rate_hz = None if frontend is None else frontend.sensor.rate_hz
    return {
        "kind": "about",
        "own": 0,
        "source": printable(session.source.name),
        "rate_hz": rate_hz,
        "channels": channels_of(manifest),
        "turns": session.turns,
        "shifts": [least, most] if least < most else None,
        "records": frontend is not None,
        "unmoved": _unmoved(session),
        "boards": [board_facts(seat.manifest) for seat in session.seats],
    }


def board_facts(manifest: BundleManifest) -> shown.BoardFacts:
    """Of one board's model."""
    names = [printable(label) for label in manifest.labels]
    return {
        "model": printable(manifest.name),
        "labels": names,
        "together": manifest.thresholds is not None,
        "invariant": min(invariant_size(manifest), MOST_FEATURES),
        "known": manifest.partition is not None,
    }


def channels_of(manifest: BundleManifest) -> list[shown.Channel]:
    """Names and units of a sample's values."""
    if manifest.frontend is None:
        return [{"name": f"input {number}", "unit": "steps"} for number in range(manifest.values)]
    sensor = manifest.sensor
    units = [part.si_unit for part in sensor.parts for _ in range(part.axes)]
    return [{"name": name, "unit": unit} for name, unit in zip(manifest.channels, units, strict=True)]


def _unmoved(session: Session) -> str:
    """Why windows can be neither turned nor shifted; empty where they can."""
    least, most = session.source.shifts
    if session.turns or least < most:
        return ""
    if session.manifest.frontend is None:
        return "This model has no front end: it takes its int8 input as it is, so nothing can be turned."
    return "This model's sensor has no three axes to turn, and what lies around its windows is not known."


def state(session: Session) -> shown.State:
    """What is shown now."""
    with session.changed:
        job = session.current
        sent = job.plain if job.moved is None else job.moved
        return {
            "kind": "state",
            "step": job.step.number,
            "steps": session.source.count,
            "place": job.step.place,
            "label": printable(job.step.label),
            "paused": session.paused,
            "quaternion": list(session.quaternion),
            "shift": session.shift,
            "signal": signal(sent, session.manifest),
            "boards": [_board(session, number, seat) for number, seat in enumerate(session.seats)],
            "recording": recording_of(session),
        }


def signal(counts: np.ndarray, manifest: BundleManifest) -> list[list[float]]:
    """A window (samples, values) channel by channel in SI units, of MOST_POINTS samples at most."""
    frontend = manifest.frontend
    x = counts.T.astype(float) if frontend is None else from_counts(counts[None], frontend.sensor)[0]
    taken = np.unique(np.linspace(0, x.shape[1] - 1, min(x.shape[1], MOST_POINTS)).astype(int))
    return _rounded(x[:, taken])


def recording_of(session: Shared) -> shown.RecordingShown:
    """What is recorded."""
    return {"on": session.kept.on, "full": session.kept.full, "samples": session.kept.samples}


def link_of(session: Shared, seat: int) -> shown.LinkShown:
    """Whether a board is there, and why not."""
    place, late = session.place(seat), session.late(seat)
    return {
        "board": printable(place.board),
        "link": "lost" if place.cause is not None else "late" if late else "ok",
        "cause": printable(place.cause or (f"no answer for {late:.0f} s" if late else "")),
        "losses": place.losses,
    }


def _board(session: Session, number: int, seat: Seat) -> shown.BoardShown:
    answered = seat.answered
    return {
        **link_of(session, number),
        "serial": answered.serial,
        "plain": reading_of(answered.plain, seat.manifest),
        "moved": reading_of(answered.moved, seat.manifest),
        "holds": answered.holds,
        "similarity": None if answered.similarity is None else round(answered.similarity, DIGITS),
        "pairs": {"equal": answered.pairs.equal, "compared": answered.pairs.compared},
        "right": {"right": answered.right.right, "known": answered.right.known},
        "points": [point_of(point) for point in seat.points],
    }


def reading_of(reading: Reading | None, manifest: BundleManifest) -> shown.ReadingShown | None:
    """An answer; None before there is one."""
    if reading is None:
        return None
    confidence = reading.confidence
    return {
        "name": printable(reading.name),
        "confidence": None if confidence is None else round(confidence, DIGITS),
        "best": _best(reading, manifest),
        "features": _rounded(reading.features[None, :MOST_FEATURES])[0],
        "saturated": reading.saturated,
        "lead_off": reading.lead_off,
    }


def _best(reading: Reading, manifest: BundleManifest) -> list[shown.Output]:
    """The outputs with the largest shares, or the first ones where they have no names."""
    if not manifest.labels:
        first = reading.outputs[:MOST_OUTPUTS]
        return [{"name": f"output {n}", "value": round(float(value), DIGITS)} for n, value in enumerate(first)]
    order = np.argsort(-reading.shares, kind="stable")[:MOST_OUTPUTS]
    return [{"name": printable(manifest.labels[n]), "share": round(float(reading.shares[n]), DIGITS)} for n in order]


def point_of(point: Point) -> shown.Point:
    """A point of the time line."""
    plain, moved = (None if value is None else round(value, 3) for value in (point.plain, point.moved))
    return [round(point.seconds, 2), plain, moved, point.holds]


def _rounded(values: np.ndarray) -> list[list[float]]:
    return [[float(f"{value:.{DIGITS}g}") for value in row] for row in values]
