"""The data sets by name: a new one is its loader's file and a line here.

Where a path is all that is known, the first set that owns it is taken.
"""

from pathlib import Path
from typing import Literal

from scl.artifacts import InputError, shortened
from train.data import ecg_folder, imu_folder, mitdb, ptbxl, synthetic, watch, wisdm
from train.data.data_set import DataSet

DATA_SETS: dict[str, DataSet] = {
    data_set.name: data_set
    for data_set in (
        wisdm.DATA_SET,
        watch.DATA_SET,
        imu_folder.DATA_SET,
        mitdb.DATA_SET,
        ptbxl.DATA_SET,
        ecg_folder.DATA_SET,
        synthetic.DATA_SET,
    )
}


def data_set(name: str) -> DataSet:
    """Raises InputError for a name that is not known."""
    if name not in DATA_SETS:
        raise InputError(f"data set {shortened(name)} is not known, expected one of {', '.join(DATA_SETS)}")
    return DATA_SETS[name]


def data_set_at(path: Path, signal: Literal["imu", "ecg"]) -> DataSet:
    """The set of a signal whose zip or folder `path` is; where no set owns it, the first one, whose loader says why."""
    of_signal = [chosen for chosen in DATA_SETS.values() if chosen.signal == signal]
    return next((chosen for chosen in of_signal if chosen.owns(path)), of_signal[0])
