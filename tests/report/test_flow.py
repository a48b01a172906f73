"""The flow of patients: its numbers add up, however many centres there are."""

from dataclasses import replace

import pytest
from PIL import Image

from fusion.report.figure_flow import flow_diagram
from fusion.report.flow import centers_of, flow


def test_every_step_adds_up(run, make_summary):
    found = flow(run.predictions, make_summary(run))
    assert found.listed == found.included + sum(found.left_out.values())
    assert found.left_out == {"no file at all": 2, "slide: no MPP": 1}
    assert found.included == len(run.parts) == sum(arm.patients for arm in found.arms)
    for arm in found.arms:
        mine = {p for p, part in run.parts.items() if part == arm.part}
        assert arm.patients == len(mine)
        assert set(arm.centers) == {run.centers[p] for p in mine}
        for task in run.tasks:
            rows = run.predictions[run.predictions["task"] == task.name].dropna(subset=["target"])
            known = set(rows["patient_id"]) & mine
            assert arm.known(task.name) == len(known) <= arm.patients
    assert set(centers_of(found.development)) == {"Aachen", "Bergen", "Córdoba"}


def test_the_table_behind_it_adds_up(run, make_summary):
    table = flow(run.predictions, make_summary(run)).table()
    for _, rows in table[~table["step"].isin(["listed", "left out", "took part"])].groupby("step"):
        own = rows.set_index("what")["patients"]
        for task in run.tasks:
            assert own[own.index.str.startswith(f"{task.name}: ")].sum() == own["patients"]


@pytest.mark.parametrize("centers", [1, 2, 40])
def test_it_is_drawn_with_few_and_with_many_centres(run, make_summary, centers, tmp_path):
    named = {p: f"University Hospital {i % centers}" for i, p in enumerate(run.centers)}
    summary = make_summary(run, centers=named, excluded=[(f"X{i}", "why " * 40) for i in range(9)])
    drawing = flow_diagram(flow(run.predictions, summary))
    drawing.save(tmp_path)
    with Image.open(tmp_path / "flow.png") as image:
        assert image.width == 1299  # 16.5 cm at 200 dpi: as wide as the others
        assert 600 < image.height < 1400
    assert "Of 159 patients listed 9 were left out and 150 took part" in drawing.caption


def test_without_training_there_is_one_arm(run, make_summary):
    only = {p for p, part in run.parts.items() if part == "external"}
    outside = replace(
        run,
        predictions=run.predictions[run.predictions["patient_id"].isin(only)],
        presence=run.presence.loc[sorted(only)],
        centers={p: run.centers[p] for p in only},
        parts=dict.fromkeys(only, "external"),
    )
    found = flow(outside.predictions, make_summary(outside, excluded=()))
    assert [arm.part for arm in found.arms] == ["external"]
    assert found.development == ()
    assert found.listed == found.included == len(only)
    flow_diagram(found)
