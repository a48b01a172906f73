"""Labels and follow-up by centre."""

import numpy as np
import pytest

from fusion.doctor.outcomes import _median_follow_up


def test_classes_are_counted_by_centre_and_a_blank_is_not_known(mini):
    mini.targets.loc[5, "idh"] = None
    table = mini.check().tables["classes"]
    bergen = table[table["center"] == "Bergen"].set_index("label")
    assert bergen["patients"].to_dict() == {"mutant": 1, "wildtype": 1, "": 1}
    assert bergen.loc["mutant", "share_of_known"] == 0.5
    assert table.groupby(["target", "center"])["patients"].sum().tolist() == [3, 3, 6]


def test_a_centre_with_one_class_or_without_events_is_named(mini):
    mini.targets["idh"] = ["mutant", "wildtype", "mutant", "mutant", "mutant", "mutant"]
    mini.targets["os_event"] = [1, 1, 0, 0, 0, 0]
    messages = [w.message for w in mini.check().warnings]
    assert messages == [
        "idh: only one class at 1 centre: Bergen (mutant, 3); no AUC can be computed there",
        "os: no event at 1 centre: Bergen; no C-index can be computed there",
    ]


def test_one_class_no_event_two_spellings_and_no_label_in_all(mini):
    mini.targets["idh"] = "mutant"
    mini.targets["mgmt"] = ["yes", "Yes", "no", "no", "yes", "Yes"]
    mini.targets["os_event"] = 0
    mini.targets.loc[5, ["idh", "mgmt", "os_time_days", "os_event"]] = None
    messages = [w.message for w in mini.check().warnings]
    assert "idh: fewer than two classes in all" in messages
    assert "mgmt: 'yes' in two spellings; keep one" in messages
    assert "os: no event in all" in messages
    assert any(m.startswith("no label at all: 1 patient (P6);") for m in messages)


def test_a_column_of_many_values_is_no_class(mini):
    for number in range(7, 31):
        mini.rows.append({"patient_id": f"P{number}", "center": "Aachen"})
        mini.targets.loc[number - 1] = [f"P{number}", f"site {number}", None, None]
    table = mini.check().tables["classes"].query("center == 'all'")
    assert table["label"].tolist() == ["26 different values", ""]


def test_follow_up_counts(mini):
    table = mini.check().tables["follow_up"].set_index("center")
    assert table.loc["all", ["known", "events"]].tolist() == [6, 3]
    assert table.loc["all", "longest_days"] == 1200
    assert table.loc["Aachen", ["known", "events"]].tolist() == [3, 2]


@pytest.mark.parametrize(
    ("days", "event", "expected"),
    [
        ([1, 2, 3, 4, 5], [0, 0, 0, 0, 0], 3.0),  # everybody censored: the median time
        ([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], None),  # nobody censored: not reached
        # events leave the risk set: censored 1 of 2 at day 4, so half is reached there
        ([1, 2, 3, 4, 5], [1, 1, 1, 0, 0], 4.0),
        ([], [], None),
    ],
)
def test_median_follow_up_is_the_reverse_kaplan_meier(days, event, expected):
    assert _median_follow_up(np.array(days, float), np.array(event, bool)) == expected


def test_median_follow_up_agrees_with_lifelines():
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(3)
    days, event = rng.permutation(500)[:80].astype(float), rng.random(80) < 0.5
    oracle = KaplanMeierFitter().fit(days, ~event).median_survival_time_
    assert _median_follow_up(days, event) == oracle  # no ties: the two conventions agree
