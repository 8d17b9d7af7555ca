"""Units of voltage, as files of ECG write them."""

# By the unit in small letters; a micro sign is a u.
MILLIVOLTS = {"nv": 1e-6, "uv": 1e-3, "mv": 1.0, "v": 1e3}
SPELLED = {"nanovolt": "nv", "microvolt": "uv", "millivolt": "mv", "volt": "v"}
MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})  # the sign, and the Greek letter


def millivolts_per(unit: str) -> float | None:
    """Millivolts in one of the unit; None if it is none of voltage."""
    text = unit.strip().translate(MICRO).lower()
    return MILLIVOLTS.get(SPELLED.get(text.removesuffix("s"), text))
