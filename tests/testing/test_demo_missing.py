"""Gaps and swaps: at the stated rates, nested, and blind to biology."""

import numpy as np
import pandas as pd
import pytest

from fusion.testing.demo.biology import draw_patients
from fusion.testing.demo.centers import LABS, assign, lab
from fusion.testing.demo.missing import LABELS, MODALITIES, SEQUENCES, presence, with_gaps
from fusion.testing.demo.outcome import true_targets
from fusion.testing.demo.swaps import SWAPPABLE, draw_swaps

CENTERS = assign(3000)


@pytest.fixture(scope="module")
def usual():
    return presence(CENTERS, scale=1.0, seed=0)


def test_nothing_is_missing_at_zero():
    assert presence(CENTERS, scale=0.0, seed=0).all(axis=None)


def test_rates_are_those_of_the_center(usual):
    for each in LABS:
        rows = usual[np.array(CENTERS) == each.name]
        for name in (*MODALITIES, *SEQUENCES):
            rate = each.missing.get(name, 0.0)
            # four standard errors of a fraction over 600, and the two who lack everything
            slack = 4 * np.sqrt(rate * (1 - rate) / len(rows)) + 2 / len(rows)
            assert 1 - rows[name].mean() == pytest.approx(rate, abs=slack)


def test_elm_has_few_slides_and_birch_few_t2():
    assert max(LABS, key=lambda each: each.missing["wsi"]).name == "Elm"
    assert lab("Birch").missing["T2"] == 0.5
    assert all("T1c" not in each.missing for each in LABS)


def test_two_patients_have_nothing_at_all(usual):
    small = presence(assign(20), scale=0.001, seed=0)
    assert (~small[list(MODALITIES)].any(axis=1)).sum() == 2


def test_a_gap_stays_a_gap_when_more_is_missing(usual):
    more = presence(CENTERS, scale=1.7, seed=0)
    assert not (more & ~usual).any(axis=None)
    assert more.sum().sum() < usual.sum().sum()


def test_labels_are_forgotten_at_the_stated_rate():
    patients = draw_patients(CENTERS, seed=0, name="biology")
    targets = true_targets(patients, seed=0)
    found = with_gaps(targets, scale=1.0, seed=0)
    for name, rate in LABELS.items():
        column = "os_event" if name == "os" else name
        known = targets[column].notna()
        assert found[column][known].isna().mean() == pytest.approx(rate, abs=0.03)
        kept = found[column].notna()
        assert (found[column][kept] == targets[column][kept]).all()
    assert (found["os_event"].isna() == found["os_time_days"].isna()).all()
    pd.testing.assert_frame_equal(with_gaps(targets, scale=0.0, seed=0), targets)


def test_swaps_are_pairs_within_a_center_who_both_have_the_modality(usual):
    centers = CENTERS[:200]
    swaps = draw_swaps(centers, usual[:200], fraction=0.3, seed=0)
    assert len(swaps) == 60
    assert len({i for _, i in swaps}) == 60  # one modality of a patient at most
    assert {name for name, _ in swaps} == set(SWAPPABLE)
    for (name, i), owner in swaps.items():
        assert swaps[name, owner] == i
        assert i != owner
        assert centers[i] == centers[owner]
        assert usual.loc[i, name]
        assert usual.loc[owner, name]


def test_no_swaps_at_zero(usual):
    assert draw_swaps(CENTERS, usual, fraction=0.0, seed=0) == {}
