"""What of an ECG set is not used, as sentences: records without the lead, labels or length, and symbols of no class."""

from collections import Counter
from collections.abc import Collection, Sequence

from scl.ec57.beats import AAMI
from scl.text import listed
from train.data.ecg_set import EcgSet

MOST_NAMED = 10
NO_BEATS = frozenset("[!]x()ptu`'^|~+sTD=\"@*")  # of WFDB's symbols: rhythms, waves, noise and comments


def sentences(found: EcgSet, short: Sequence[str]) -> list[str]:
    """What to say of a set whose labels were read; `short` names records that hold no strip."""
    without = f"records_without_lead_{found.choice.wanted}"
    said = _records(found.amiss[without], f"no lead {found.choice.wanted}", found.names)
    if not found.settings.classes:  # which choose
        said += _records(found.amiss["records_without_labels"], "no labels", found.names)
    said += _records(short, "no stretch that holds a strip", [name for name in found.names if name not in short])
    strange = found.amiss["names_in_the_table_that_are_no_record's"]
    if strange:
        said.append(f"the table of records names {listed(strange, MOST_NAMED)}, and there is no such record")
    symbols = getattr(found.labels, "symbols", Counter())
    known = NO_BEATS | (set("".join(AAMI.values())) if found.settings.classes else set())
    others = {symbol: count for symbol, count in symbols.items() if symbol not in known}
    if others:
        named = listed([f"{symbol} ({count})" for symbol, count in sorted(others.items())], MOST_NAMED)
        said.append(
            f"beats have symbols of no class and do not count: {named}; name them under [classes] in dataset.toml"
        )
    return said


def _records(names: Sequence[str], lacking: str, used: Collection[str]) -> list[str]:
    if not names:
        return []
    verb = "has" if len(names) == 1 else "have"
    return [f"{listed(names, MOST_NAMED)} {verb} {lacking}: left out, {len(used)} records are used"]
