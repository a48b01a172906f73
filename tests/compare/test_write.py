"""From folders to a page, and the command."""

import importlib.util
import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from fusion.cli import compare_command, train
from fusion.compare.write import compare_runs
from fusion.config.compose import compose
from fusion.run.main import run
from fusion.run.resources import load

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "compare.py"
FILES = {"compare.html", "compare.md", "compare.json", "compare.csv", "strata.csv"}


def again(root, out, **changes):
    settings = {"references": ["late"], "draws": 300, "seed": 0, "command": "again"}
    return compare_runs([f"{root}/*"], out, **{**settings, **changes})


def test_page_tables_and_figure_say_the_same(sweep, tmp_path):
    root = sweep({"early": 4.0, "late": 0.5}, folds=5, patients=400, singles=("mri",))
    (found,) = again(root, tmp_path / "out")
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir()} == FILES | {"forest_idh_test.png", "forest_idh_test.csv"}
    assert found.verdict == "better"
    assert "early beat the clinical model for idh" in found.sentence
    assert "Differing from late: early (better)" in found.more
    assert found.sentence in (out / "compare.html").read_text().replace("&#39;", "'")
    rows = pd.read_csv(out / "compare.csv")
    document = json.loads((out / "compare.json").read_text())
    assert len(rows) == len(document["rows"])
    shown = rows[(rows["model"] == "early") & (rows["versus"] == "clinical")].iloc[0]
    drawn = pd.read_csv(out / "forest_idh_test.csv").set_index("model").loc["early"]
    assert drawn["value"] == shown["value"]
    assert drawn["low_family"] < drawn["low"] < drawn["value"]
    assert shown["n"] == 400
    assert "better" in (out / "compare.md").read_text()
    within = pd.read_csv(out / "strata.csv")
    assert set(within["group"]) == {"A", "B"}
    assert within.groupby(["model", "part"])["n"].sum().eq(400).all()


def test_the_same_runs_give_the_same_bytes(sweep, tmp_path):
    root = sweep({"early": 1.0, "late": 1.0}, folds=2, patients=60)
    for name in ("a", "b"):
        again(root, tmp_path / name)
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_singles_of_one_head_serve_all(sweep, tmp_path):
    root = sweep({"early": 1.0, "late": 1.0}, folds=2, patients=60)
    again(root, tmp_path / "all")
    for number in (2, 3):  # late trained no modality alone
        path = root / str(number) / "predictions.parquet"
        table = pd.read_parquet(path)
        table[~table["model"].str.endswith(" alone")].to_parquet(path, index=False)
    again(root, tmp_path / "some")
    whole, some = (pd.read_csv(tmp_path / n / "compare.csv") for n in ("all", "some"))
    pd.testing.assert_frame_equal(whole, some)


def test_a_stratum_with_few_patients_is_counted(sweep, tmp_path):
    root = sweep({"early": 1.0}, folds=2, patients=42)
    again(root, tmp_path / "out")
    found = pd.read_csv(tmp_path / "out" / "strata.csv").set_index(["model", "group"])
    few = found.loc[("early", "B")]
    assert few["n"] == 14
    assert few["reason"] == "fewer than 10 patients of a class"
    assert pd.isna(few["value"])


@pytest.fixture
def command(monkeypatch):
    spec = importlib.util.spec_from_file_location("compare", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def called(*arguments):
        monkeypatch.setattr(sys, "argv", ["compare.py", *arguments])
        module.main()

    return called


def test_the_command_says_the_answer_and_where_it_is(command, sweep, tmp_path, capsys):
    root = sweep({"early": 1.0}, folds=2, patients=60)
    command(f"runs={root}/*", f"out={tmp_path / 'out'}", "reference=early")
    said = capsys.readouterr().out
    assert "for idh" in said
    assert str(tmp_path / "out" / "compare.html") in said
    with pytest.raises(SystemExit):
        command("--help")
    assert "evaluation.singles=false" in capsys.readouterr().out


def test_what_to_type_after_a_sweep():
    assert compare_command([Path("r/a/0"), Path("r/a/1")]).endswith(" runs='r/a/*'")
    assert compare_command([Path("r/a/0"), Path("r/b/0")]).endswith(" runs='r/a/*,r/b/*'")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sweep_ends_with_the_command(monkeypatch, capsys, jobs):
    def launch(one):
        for number in range(jobs):
            one(None, Path(f"r/a/{number}"), [])

    monkeypatch.setattr("fusion.config.compose.launch", launch)
    monkeypatch.setattr("fusion.cli.job", lambda config, folder, overrides: None)
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    train()
    assert ("compare" in capsys.readouterr().out) == (jobs == 2)


@pytest.mark.slow
def test_two_heads_on_two_folds_of_the_demo(small_demo, small_cache, quick_figures, tmp_path):
    for number, (head, fold) in enumerate([("late", 0), ("late", 1), ("early", 0), ("early", 1)]):
        overrides = [
            "+experiment=glioma_fusion",
            "+debug=fast",
            "~modalities.mri",
            "~tasks.grade",  # too few patients of one for the clinical model
            f"head={head}",
            "split=kfold",
            "split.folds=2",
            f"split.fold={fold}",
            f"cohort.root={small_demo}",
            f"cache={small_cache}",
            "trainer.threads=1",
            "progress=false",
            f"evaluation.singles={'true' if head == 'late' else 'false'}",
        ]
        run(compose(overrides), tmp_path / "runs" / str(number), overrides)
    answers = again(tmp_path / "runs", tmp_path / "out")
    assert [a.task for a in answers] == ["subtype", "survival"]
    rows = pd.read_csv(tmp_path / "out" / "compare.csv")
    assert {"late", "early", "clinical", "rna alone", "wsi alone"} <= set(rows["model"])
    claimed = rows[rows["verdict"].notna()]
    assert set(claimed["test"].dropna()) == {"corrected t over folds"}
    within = pd.read_csv(tmp_path / "out" / "strata.csv")
    assert {"centre", "sex", "age", "subtype (label)"} <= set(within["characteristic"])
    took = pd.read_csv(tmp_path / "out" / "resources.csv").set_index("model")
    assert took.loc["early", "trainings"] == 2
    assert load(tmp_path / "runs" / "0" / "models" / "fusion").epochs == 1
