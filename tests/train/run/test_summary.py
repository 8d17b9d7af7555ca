"""What a summary says."""

from scl.artifacts.run import Architecture, WindowInfo
from scl.partition import Partition
from tests.run_info import run_info
from tests.train.run.shifted import SHIFT, cuts, shift_model
from train.run.evaluate import evaluate, evaluate_others
from train.run.summary import Metrics, summary


def test_the_summary_names_what_a_shift_does() -> None:
    data = cuts()
    window = WindowInfo(SHIFT.samples, 180.0, ("ecg",), ("mV",))
    info = run_info(
        *(Architecture(), Partition(4, 4, 4), window, ("N", "S", "V")), task="beat", transformation=SHIFT.describe()
    )
    evaluation, others = evaluate(shift_model(), data, SHIFT, 4, 0), evaluate_others(shift_model(), data, SHIFT, 4)
    text = summary(Metrics(info, evaluation, others, {"F": [3, 0, 1]}, ("look out",)))
    for part in ("under shift", "Se/PPV", "recall at 1", "change their label", "3 as N, 0 as S, 1 as V", "look out"):
        assert part in text
