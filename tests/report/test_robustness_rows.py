"""What hiding a modality costs: planted, and nothing where nothing was to be had."""

import numpy as np
import pandas as pd
import pytest

from fusion.report.drawing import Blank, Drawing
from fusion.report.robustness_rows import LOST, robustness_rows
from fusion.report.robustness_table import robustness_items, set_aside
from fusion.report.sheet import Sheet
from fusion.report.tasks import TaskInfo

IDH = TaskInfo("idh", "classification", classes=("no", "yes"))
SUBSETS = ("mri + rna", "mri", "rna")


@pytest.fixture
def hidden(yes_or_no):
    """RNA tells; MRI does not."""
    generator = np.random.default_rng(0)
    frames = []
    for part, n in (("test", 40), ("external", 200)):
        happened = generator.random(n) < 0.5
        rna = np.clip(0.3 + 0.4 * happened + 0.2 * generator.normal(size=n), 0.01, 0.99)
        for model, p in zip(SUBSETS, (rna, generator.random(n), rna), strict=True):
            frames.append(yes_or_no(p, happened, part=part, model=model))
    return pd.concat(frames, ignore_index=True)


def test_what_is_lost_is_planted_and_patients_are_the_same(hidden):
    rows = list(robustness_rows(hidden, IDH, draws=100, seed=0))
    lost = {r.model: r for r in rows if r.measure == LOST and r.part == "external"}
    assert set(lost) == {"mri", "rna"}
    assert lost["mri"].low > 0.2
    assert lost["rna"].value == lost["rna"].low == lost["rna"].high == 0
    for part, n in (("test", 40), ("external", 200)):
        assert {r.n for r in rows if r.part == part} == {n}
        assert len({r.events for r in rows if r.part == part}) == 1
    plain = {r.model: r.value for r in rows if r.measure == "AUC" and r.part == "external"}
    assert lost["mri"].value == pytest.approx(plain["mri + rna"] - plain["mri"])


def test_the_section_shows_a_figure_and_a_table_and_names_what_was_set_aside(
    hidden, run, make_summary
):
    summary = make_summary(run, robustness=hidden, tasks=[IDH])
    drawing, sheet = robustness_items(summary, draws=10, seed=0)
    assert isinstance(drawing, Drawing)
    assert isinstance(sheet, Sheet)
    assert [line.name for line in sheet.table.blocks[0].lines] == list(SUBSETS)
    assert set_aside(summary) == ["wsi"]
    assert list(robustness_items(make_summary(run), draws=10, seed=0)) == []
    assert set_aside(make_summary(run)) == []
    other = TaskInfo("other", "classification", classes=("no", "yes"))
    (blank,) = robustness_items(
        make_summary(run, robustness=hidden, tasks=[other]), draws=5, seed=0
    )
    assert isinstance(blank, Blank)
