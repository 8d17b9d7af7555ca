"""What to know of recordings before a run's figures on them are trusted."""

from collections.abc import Collection, Iterable, Mapping

from scl import text
from scl.artifacts.run import RunInfo
from train.data.ecg_polarity import direction, polarity, sentences, unseen_leads
from train.data.recordings import Recordings
from train.data.tasks import TASKS
from train.run.people import People, group_names

MOST_NAMES = 12  # that a sentence lists; transfer.json has them all


def listed(names: Iterable[str]) -> str:
    """Names as the notes and lines of a transfer have them."""
    return text.listed(names, MOST_NAMES)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def notes_on(
    info: RunInfo, recordings: Recordings, own: Recordings | None, people: People, with_windows: Collection[int]
) -> tuple[str, ...]:
    """Sentences on who the people are, and on what of the recordings differs from the run's.

    Args:
        own: the run's recordings, if they are at hand.
        people: of the recordings.
        with_windows: groups that have a window.
    """
    group, notes = TASKS[info.task].group, []
    if people.same_archive:
        notes.append(
            f"the archive is the one that the run was trained on (SHA-256 {info.data.sha256[:12]}): its split says "
            "who trained"
        )
        notes += _of_one_patient(info, people)
    elif not people.compared:
        notes.append("the run's own recordings are not at hand, so equal samples are not noticed; --data names them")
    if info.split.leaky and people.of("train"):
        notes.append(f"the run's split is leaky: every {group} trained")
    if people.doubtful:
        compared = "their samples are not the run's" if people.compared else "their samples were not compared"
        notes.append(
            f"{counted(len(people.doubtful), group)} of the new have a numbered name that trained "
            f"({listed(people.doubtful)}): that does not tell whether they are the same; {compared}"
        )
    if not people.of("new", "test"):
        notes.append(f"every {group} trained or validated: nothing here says how the run does on others")
    without = [person.name for person in people.persons if person.group not in with_windows]
    if without:
        seconds = info.window.samples / info.window.rate_hz
        notes.append(f"no window of {seconds:g} s fits into the recordings of {group}s {listed(without)}")
    if recordings.rate_hz > info.window.rate_hz * (1 + 1e-6) and info.frontend.band_hz is None:
        notes.append(f"resampled from {recordings.rate_hz:g} to the run's {info.window.rate_hz:g} Hz")
    return tuple(notes + _leads(info, recordings, people) + _polarity(info, recordings, people, own))


def _of_one_patient(info: RunInfo, people: People) -> list[str]:
    """Where a patient's records are in training and test, as a published split may have it."""
    same = set(info.split.same_patient or ())
    names = [person.name for person in people.of("new", "test") if person.group in same]
    trained = [person.name for person in people.of("train") if person.group in same]
    if not names or not trained:
        return []
    return [f"{listed(names)} is of the same patient as {listed(trained)}, which trained, as published"]


def _leads(info: RunInfo, recordings: Recordings, people: People) -> list[str]:
    """What differs between the leads that trained and those of the new people."""
    if TASKS[info.task].group != "record":
        return []
    names = group_names(info.data.report)
    known = leads(info.data.report, {names.get(group, str(group)) for group in info.split.train})
    here = leads(recordings.report, {person.name for person in people.of("new", "test")})
    if not here or not known:
        which = "these recordings do" if known else "the run does"
        return [f"{which} not say which lead was recorded: nothing tells whether it is the same"]
    return unseen_leads(here, known)


def _polarity(info: RunInfo, recordings: Recordings, people: People, own: Recordings | None) -> list[str]:
    """New records that look inverted against those that trained, or against each other where those are not known."""
    if TASKS[info.task].group != "record":
        return []
    names = {person.name for person in people.of("new", "test")}
    figures = polarity(recordings)
    trained = info.data.report.get("polarity")
    if not isinstance(trained, dict):
        mine = figures if people.same_archive else polarity(own) if own is not None else {}
        training = {group_names(info.data.report).get(group, str(group)) for group in info.split.train}
        trained = {name: value for name, value in mine.items() if name in training}
    usual = direction(trained) if trained else None
    return sentences({name: value for name, value in figures.items() if name in names}, usual)


def leads(report: Mapping[str, object], records: Collection[str]) -> list[str]:
    """The leads of these records as a loader's report has them: lists of records, or their numbers, by lead; none where
    it says nothing of leads.
    """
    found = report.get("leads")
    if not isinstance(found, dict):
        return []
    return [
        str(lead)
        for lead, members in found.items()
        if not isinstance(members, list) or any(str(name) in records for name in members)
    ]
