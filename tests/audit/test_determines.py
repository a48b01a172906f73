"""A column that is the label, or nearly, is found; a strong true one is not."""

import numpy as np
import pandas as pd

from fusion.audit.association import Labelled, strongest
from fusion.audit.determines import PRESENCE, determined, named_alike
from fusion.metrics.auc import auc

PEOPLE = [f"p{i}" for i in range(120)]
RANDOM = np.random.default_rng(0)
CODES = RANDOM.integers(0, 3, 120)
DAYS, DIED = RANDOM.exponential(500, 120), RANDOM.random(120) < 0.6


def known(rows):
    return {p: tuple(map(float, row)) for p, row in zip(PEOPLE, rows, strict=True)}


GRADE = Labelled("grade", "grade", ("G2", "G3", "G4"), known(CODES[:, None]))
SURVIVAL = Labelled("survival", "os", (), known(np.stack([DAYS, DIED], axis=1)))


def frame(**columns):
    noise = {f"gene{i}": RANDOM.normal(size=120) for i in range(5)}
    return pd.DataFrame({**noise, **columns}, index=PEOPLE)


def asked(values, task, table="rna"):
    return determined({task.name: {table: values}}, [task])


def test_noise_determines_nothing():
    for task in (GRADE, SURVIVAL):
        check = asked(frame(), task)
        assert check.findings == ()
        assert len(check.table) == 3


def test_a_column_that_is_the_label_is_found_in_any_coding():
    for values in (CODES * 1.0, -CODES * 7.5, (CODES == 1) * 1.0, np.exp(CODES)):
        (found,) = asked(frame(helper=values), GRADE).findings
        assert found.severity == "error"
        assert found.subject == "rna.helper"
        assert "tasks.grade.defining.rna" in found.message


def test_a_column_that_is_known_of_some_only_is_found_all_the_same():
    values = np.where(RANDOM.random(120) < 0.5, CODES * 1.0, np.nan)
    assert len(asked(frame(helper=values), GRADE).findings) == 1


def test_a_strong_marker_is_no_leak():
    marker = CODES + RANDOM.normal(0, 0.5, 120)
    assert 0.9 < auc(marker, CODES == 2) < 0.99
    assert asked(frame(marker=marker), GRADE).findings == ()


def test_time_event_and_what_follows_from_them_are_found():
    for values in (DAYS, np.round(DAYS / 30), DIED * 1.0, -DAYS + 5):
        (found,) = asked(frame(helper=values), SURVIVAL).findings
        assert found.subject == "rna.helper"


def test_few_patients_prove_nothing():
    few = frame(helper=CODES * 1.0).iloc[:20]
    check = asked(few, GRADE)
    assert check.findings == ()
    assert check.not_asked == "fewer than 10 of every class"


def test_having_a_modality_may_be_the_label():
    (found,) = asked(frame(**{"having mri": (CODES == 0) * 1.0}), GRADE, PRESENCE).findings
    assert "having mri (presence) alone tells G2 of grade" in found.message
    assert "Leave out" in found.message


def test_strength_is_the_auc_whichever_way_it_points():
    x = RANDOM.normal(size=120) - 0.8 * (CODES == 0)
    expected = max(auc(s * x, c == CODES) for c in range(3) for s in (1, -1))
    found = strongest(x, CODES[:, None].astype(float), GRADE)
    assert found.value == expected


def test_names_are_compared_word_by_word():
    table = frame(grade_who=CODES * 1.0, upgrade=CODES * 1.0, os_months=DAYS, positive=DAYS)
    named = named_alike({"grade": {"rna": table}, "survival": {"rna": table}}, [GRADE, SURVIVAL])
    assert {f.subject for f in named.findings} == {"rna.grade_who", "rna.os_months"}
    assert {f.severity for f in named.findings} == {"error"}


def test_a_name_alone_is_a_warning():
    """MGMT's expression is not the methylation of its promoter."""
    task = Labelled("mgmt", "mgmt", ("unmethylated", "methylated"), known(CODES[:, None] % 2))
    (found,) = named_alike({"mgmt": {"rna": frame(MGMT=RANDOM.normal(size=120))}}, [task]).findings
    assert found.severity == "warning"
