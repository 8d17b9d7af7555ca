"""Names of layers after what a file calls them: letters, digits and underscores, as C takes them, each once."""

import re
from collections.abc import Collection

LONGEST_NAME = 40
NAMELESS = "StatefulPartitionedCall"  # what TensorFlow calls outputs


def layer_name(called: str, taken: Collection[str], otherwise: str) -> str:
    """The end of a name that a file has, such as "features/0/Conv", in whole parts as far as LONGEST_NAME goes.

    Args:
        called: several names, divided by ";", stand for what was fused: the first counts.
        taken: names of others; a number tells the new one from them.
        otherwise: for one that says nothing: no letters, or TensorFlow's word for any output.
    """
    parts = [part for part in re.split(r"\W+", called.partition(";")[0], flags=re.ASCII) if part.strip("_")]
    if called.startswith(NAMELESS) or not re.search("[A-Za-z]", "".join(parts)):
        parts = [otherwise]
    stem = parts[-1][-LONGEST_NAME:]
    for part in reversed(parts[:-1]):
        if len(f"{part}_{stem}") > LONGEST_NAME:
            break
        stem = f"{part}_{stem}"
    stem = stem.strip("_")
    stem = stem if stem[0].isalpha() else f"layer_{stem}"
    return next(name for name in (stem, *(f"{stem}_{n}" for n in range(2, len(taken) + 3))) if name not in taken)
