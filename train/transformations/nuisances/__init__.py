"""What bodies, sensors and links do to samples, one file each; a new one is its file and a line here."""

from collections.abc import Sequence

from scl.artifacts import InputError
from train.transformations.nuisances.base import Nuisance, Signal, drawn_strength, switched
from train.transformations.nuisances.bias import Bias
from train.transformations.nuisances.clock import Clock
from train.transformations.nuisances.dead import Dead
from train.transformations.nuisances.dropped import Dropped
from train.transformations.nuisances.electrode import Electrode
from train.transformations.nuisances.gain import Gain
from train.transformations.nuisances.held import Held
from train.transformations.nuisances.hum import Hum
from train.transformations.nuisances.inverted import Inverted
from train.transformations.nuisances.late import Late
from train.transformations.nuisances.mirror import Mirror
from train.transformations.nuisances.noise import Noise
from train.transformations.nuisances.slip import Slip
from train.transformations.nuisances.start import Start
from train.transformations.nuisances.wander import Wander

__all__ = ["NUISANCES", "SMALL", "Nuisance", "Signal", "chosen", "drawn_strength", "fitting", "switched"]

IMU, ALL = ("accelerometer", "gyroscope"), ("accelerometer", "gyroscope", "ecg")
EVERY: tuple[Nuisance, ...] = (
    Mirror(),
    Slip(),
    *(Bias(kind) for kind in IMU),
    *(Gain(kind) for kind in ALL),
    *(Noise(kind) for kind in ALL),
    *(Dead(kind) for kind in ALL),
    Late(),
    Clock(),
    Dropped(),
    Held(),
    Start(),
    Wander(),
    Electrode(),
    Inverted(),
    Hum(),
)
NUISANCES = {nuisance.name: nuisance for nuisance in EVERY}
# For a look within seconds: one strength of a few.
SMALL = {
    "mirror": 1.0,
    "accelerometer-noise": 0.2,
    "gyroscope-dead": 100.0,
    "ecg-inverted": 1.0,
    "ecg-noise": 0.1,
    "ecg-wander": 1.0,
}


def fitting(kinds: Sequence[str]) -> list[Nuisance]:
    """Those that can happen to sensors of these kinds."""
    return [nuisance for nuisance in NUISANCES.values() if nuisance.fits(kinds)]


def chosen(names: Sequence[str], kinds: Sequence[str]) -> list[Nuisance]:
    """By name, in this order. Raises InputError for one that is not known or does not fit, or is named twice."""
    known = [nuisance.name for nuisance in fitting(kinds)]
    wrong = [name for name in names if name not in known] or sorted({n for n in names if list(names).count(n) > 1})
    if wrong:
        raise InputError(
            f"nuisance {wrong[0]!r} is not known for {' and '.join(kinds)}, or named twice; choose from "
            f"{', '.join(known)}"
        )
    return [NUISANCES[name] for name in names]
