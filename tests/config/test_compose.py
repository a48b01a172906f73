"""What the command line and the YAML may say, and what is refused with the nearest name."""

import json
import logging
import sys

import pytest

from fusion.config.compose import CONFIGS, compose, launch, parse
from fusion.errors import ConfigError

FUSION = "+experiment=glioma_fusion"
EXPERIMENTS = sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_composes(name):
    config = compose([f"+experiment={name}", "data_root=somewhere"])
    assert config.name == name
    assert config.question.endswith("?")
    for modality in (m for task in config.tasks.values() for m in task.defining):
        assert modality  # a marker that defines a label is named with its table


@pytest.mark.parametrize("name", sorted(p.stem for p in (CONFIGS / "debug").glob("*.yaml")))
def test_every_debug_setting_composes(name):
    compose([FUSION, f"+debug={name}"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("head=atention", r"Could not find 'head/atention'(.|\n)*did you mean attention\?"),
        ("split=kfoldd", r"did you mean kfold\?"),
        ("invariance=corall", r"did you mean coral\?"),
        ("trainer=cpuu", r"did you mean cpu\?"),
        ("+debug=fsat", r"did you mean fast\?"),
        ("+task@tasks.idh=idhh", r"did you mean idh\?"),
        ("+modality@modalities.x=mrii", r"did you mean mri\?"),
        ("sed=3", r"Could not override 'sed'(.|\n)*did you mean seed\?"),
        ("+sed=3", r"sed: there is no such setting; did you mean seed\?"),
        ("optimizer.lrr=1", r"did you mean optimizer.lr\?"),
        ("optimiser.lr=1e-3", r"did you mean optimizer.lr\?"),
        ("+optimizer.lrr=1", r"optimizer.lrr: there is no such setting; did you mean lr\?"),
        ("head.missing=token", r"did you mean missing\?"),
        ("missing=meen", r"did you mean mean\?"),
        ("modalities.mrl.crop=center", r"did you mean modalities.mri.crop\?"),
        ("+modalities.mri.crops=center", r"modalities.mri.crops: .* did you mean crop\?"),
        ("+modalities.mri._target_=os.system", "_target_: there is no such setting"),
        ("head.name=earlyy", r"head.name: 'earlyy' does not exist; did you mean early\?"),
        ("modalities.mri.kind=volum", r"mri.kind: 'volum' does not exist; did you mean volume\?"),
        ("modalities.mri.crop=tumor", r"'tumor' does not exist; did you mean tumour\?"),
        ("modalities.mri.encoder.name=resnets", r"'resnets' does not exist; did you mean resnet\?"),
        ("trainer.precision=16-mixd", r"'16-mixd' does not exist; did you mean 16-mixed\?"),
        ("weighting=learnd", r"did you mean learned\?"),
        ("cohort.on_fault=ignore", "'ignore' does not exist; expected 'stop' or 'exclude'"),
        ("seed=abc", "seed: Input should be a valid integer, found 'abc'"),
        ("seed=-1", "seed: Input should be greater than or equal to 0, found -1"),
        ("evaluation.draws=1.5", "evaluation.draws: Input should be a valid integer, found 1.5"),
        ("optimizer.lr=fast", "optimizer.lr: Input should be a valid number, found 'fast'"),
        ("optimizer.lr=0", "optimizer.lr: Input should be greater than 0, found 0"),
        ("modality_dropout=1", "modality_dropout: Input should be less than 1"),
        ("evaluation.singles=2", "evaluation.singles: Input should be a valid boolean, found 2"),
        ("tasks.subtype.classes=[a]", "tasks.subtype.classes: List should have at least 2 items"),
        ("modalities.mri.sequences=[]", "sequences: List should have at least 1 item"),
        ("name=../../x", "name: String should match pattern"),
        ("head=null", "override must be a string or a list(.|\n)*head=null"),
        ("~head", "head: head is missing"),
        ("a b", "a b"),
        ("head", "missing EQUAL"),
    ],
)
def test_what_is_misspelt_or_mistyped_is_refused(override, message):
    with pytest.raises(ConfigError, match=message):
        compose([FUSION, override])


def test_all_values_that_do_not_fit_are_told_at_once():
    with pytest.raises(ConfigError, match=r"2 values do not fit(.|\n)*ckpt(.|\n)*optimizer.lr"):
        compose([FUSION, "optimizer.lr=-1", "ckpt=best"])


def test_an_experiment_that_is_misspelt_or_not_given():
    with pytest.raises(ConfigError, match=r"did you mean glioma_fusion\?"):
        compose(["+experiment=glioma_fusoin"])
    with pytest.raises(ConfigError, match=r"no value for name, .*there are: btsc, ddx"):
        compose([])


def test_the_clinical_model_can_be_left_out():
    assert compose([FUSION]).baseline is not None
    assert compose([FUSION, "~baseline"]).baseline is None


def test_modalities_and_external_cohorts_are_named_by_the_user():
    config = compose(
        [FUSION, "+modality@modalities.thorax=ct", "+cohort.external.theirs=/somewhere"]
    )
    assert config.modalities["thorax"].sequences == ["CT"]
    assert config.cohort.external == {"theirs": "/somewhere"}


def test_a_configuration_survives_json():
    """As in a bundle."""
    config = compose([FUSION])
    assert parse(json.loads(json.dumps(config.model_dump(mode="json")))) == config


@pytest.mark.parametrize(
    ("place", "key"),
    [("modalities.mri", "_target_"), ("head", "__class__"), ("", "callbacks"), ("trainer", "cls")],
)
def test_foreign_values_can_name_no_code(place, key):
    values = compose([FUSION]).model_dump(mode="json")
    node = values
    for step in place.split(".") if place else []:
        node = node[step]
    node[key] = "os.system"
    with pytest.raises(ConfigError, match=f"{key}: there is no such setting"):
        parse(values)


@pytest.fixture(autouse=True)
def _logging_as_before():
    """Hydra takes over the root logger."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def launched(monkeypatch, *arguments):
    """Configurations, folders and overrides of the jobs that a command line starts."""
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    jobs = []
    launch(lambda config, folder, overrides: jobs.append((config, folder, overrides)))
    return jobs


def test_one_job_has_the_folder_that_out_names(monkeypatch, tmp_path):
    [(config, folder, overrides)] = launched(monkeypatch, FUSION, "seed=3", f"out={tmp_path}/here")
    assert config.seed == 3
    assert folder == tmp_path / "here"
    assert overrides == [FUSION, "seed=3", f"out={tmp_path}/here"]


def test_a_sweep_has_a_folder_for_each_job(monkeypatch, tmp_path):
    """Though an override holds slashes."""
    jobs = launched(
        monkeypatch,
        "-m",
        FUSION,
        f"cohort.root={tmp_path}/a/b",
        "head=early,late,attention",
        f"out={tmp_path}/sweep",
    )
    assert [config.head.name for config, _, _ in jobs] == ["early", "late", "attention"]
    assert [folder for _, folder, _ in jobs] == [tmp_path / "sweep" / n for n in "012"]
    assert "head=late" in jobs[1][2]  # what this job alone was given


def test_cfg_job_prints_and_does_not_run(monkeypatch, capsys):
    assert launched(monkeypatch, FUSION, "seed=7", "--cfg", "job") == []
    assert "\nseed: 7\n" in capsys.readouterr().out


def test_help_names_the_groups(monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        launched(monkeypatch, "--help")
    assert stop.value.code == 0
    text = capsys.readouterr().out
    heads = sorted(path.stem for path in (CONFIGS / "head").glob("*.yaml"))
    assert f"head: {', '.join(heads)}" in text
    assert all(name in text for name in EXPERIMENTS)


def test_a_misspelt_value_starts_nothing(monkeypatch):
    with pytest.raises(ConfigError, match=r"did you mean seed\?"):
        launched(monkeypatch, FUSION, "sed=3")


def test_own_yaml_files_are_found(monkeypatch, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - glioma_subtyping\n  - _self_\nname: mine\n"
    )
    [(config, _, _)] = launched(
        monkeypatch, "--config-dir", str(tmp_path), "+experiment=mine", f"out={tmp_path}/out"
    )
    assert config.name == "mine"
    assert config.tasks.keys() == {"subtype"}
