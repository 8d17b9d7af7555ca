import pytest
import torch

from scl.artifacts import InputError
from tests.train.transformations.nuisances.signals import RATE_HZ, applied, cuts
from train.transformations.nuisances import NUISANCES, SMALL, chosen, fitting


@pytest.mark.parametrize("name", NUISANCES)
def test_without_strength_nothing_changes_and_with_it_the_window_does(name: str) -> None:
    x = cuts(channels=6 if NUISANCES[name].fits(["accelerometer", "gyroscope"]) else 1)
    before = x.clone()
    torch.testing.assert_close(applied(name, x, 0.0), x[:, :, :100], rtol=0, atol=1e-12)
    seen = [applied(name, x, strength) for strength in NUISANCES[name].ladder]
    assert all(view.shape == (len(x), x.shape[1], 100) and view.isfinite().all() for view in seen)
    assert not torch.allclose(seen[-1], x[:, :, :100])
    torch.testing.assert_close(x, before, rtol=0, atol=0)  # what it was given is left alone


@pytest.mark.parametrize("name", NUISANCES)
def test_a_ladder_rises_and_an_equal_seed_gives_equal_windows(name: str) -> None:
    nuisance = NUISANCES[name]
    assert list(nuisance.ladder) == sorted(set(nuisance.ladder)) and nuisance.ladder[0] > 0 and nuisance.name == name
    x = cuts(channels=6 if nuisance.fits(["accelerometer", "gyroscope"]) else 1)
    once, again = (applied(name, x, nuisance.ladder[-1], seed=3) for _ in range(2))
    torch.testing.assert_close(once, again, rtol=0, atol=0)


@pytest.mark.parametrize("name", NUISANCES)
def test_samples_behind_what_it_says_it_reads_have_no_part(name: str) -> None:
    nuisance = NUISANCES[name]
    x = cuts(length=400, channels=6 if nuisance.fits(["accelerometer", "gyroscope"]) else 1)
    enough = 100 + nuisance.behind(100, RATE_HZ)
    assert enough < 400
    other = x.clone()
    other[:, :, enough:] = 1e6
    strongest = nuisance.ladder[-1]
    torch.testing.assert_close(applied(name, x, strongest), applied(name, other, strongest), rtol=0, atol=0)


def test_sensors_have_the_nuisances_that_can_happen_to_them() -> None:
    accelerometer, both, lead = (
        {nuisance.name for nuisance in fitting(kinds)}
        for kinds in (["accelerometer"], ["accelerometer", "gyroscope"], ["ecg"])
    )
    assert {"mirror", "slip", "accelerometer-bias", "held"} <= accelerometer
    assert both - accelerometer == {f"gyroscope-{what}" for what in ("bias", "gain", "noise", "dead", "late")}
    assert lead == {f"ecg-{what}" for what in ("gain", "noise", "dead", "wander", "electrode", "inverted", "hum")} | {
        "held"
    }
    assert set(SMALL) <= accelerometer | both | lead
    assert all(strength in NUISANCES[name].ladder for name, strength in SMALL.items())


def test_names_are_taken_in_their_order_and_wrong_ones_refused() -> None:
    kinds = ["accelerometer"]
    assert [n.name for n in chosen(["slip", "mirror"], kinds)] == ["slip", "mirror"]
    for names in (["mirror", "mirror"], ["gyroscope-dead"], ["mirrored"]):
        with pytest.raises(InputError, match=f"nuisance '{names[0]}' is not known for accelerometer, or named twice"):
            chosen(names, kinds)
