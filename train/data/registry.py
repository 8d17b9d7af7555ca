"""The data sets by name: a new one is its loader's file and a line here."""

from scl.artifacts import InputError, shortened
from train.data import mitdb, ptbxl, synthetic, watch, wisdm
from train.data.data_set import DataSet

DATA_SETS: dict[str, DataSet] = {
    data_set.name: data_set
    for data_set in (wisdm.DATA_SET, watch.DATA_SET, mitdb.DATA_SET, ptbxl.DATA_SET, synthetic.DATA_SET)
}


def data_set(name: str) -> DataSet:
    """Raises InputError for a name that is not known."""
    if name not in DATA_SETS:
        raise InputError(f"data set {shortened(name)} is not known, expected one of {', '.join(DATA_SETS)}")
    return DATA_SETS[name]
