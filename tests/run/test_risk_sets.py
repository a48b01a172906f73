"""Who is at risk in a batch: numbers for a bank, and a word where a batch has few events."""

import pytest
import torch

from fusion.config.compose import compose
from fusion.data.cohort import Cohort
from fusion.data.dataset import PatientDataset
from fusion.errors import ConfigError
from fusion.run.risk_sets import numbered, risk_sets
from fusion.types import PatientId


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """`patients(n, events)`: every second one of n has a label, the first have the event."""

    def built(n=40, events=10):
        folder = tmp_path_factory.mktemp("cohort")
        rows = "".join(f"p{i},A,,\n" for i in range(n))
        (folder / "manifest.csv").write_text("patient_id,center,modality,path\n" + rows)
        labels = {
            PatientId(f"p{i}"): {"survival": torch.tensor([10.0 + i, float(i < events)])}
            if i % 2
            else {}
            for i in range(n)
        }
        cohort = Cohort.from_manifest(folder)
        return PatientDataset(
            cohort=cohort, patients=list(labels), sources={}, labels=labels, excluded={}
        )

    return built


@pytest.fixture(scope="module")
def config():
    return compose(["+experiment=glioma_fusion", "loader.patients=8", "trainer.devices=1"])


def with_bank(config):
    task = config.tasks["survival"].model_copy(update={"risk_sets": "bank"})
    return config.model_copy(update={"tasks": {**config.tasks, "survival": task}})


def test_few_events_in_a_batch_are_told(config, patients):
    (said,) = risk_sets(config, patients())
    assert "Task survival: a batch holds 1.0 events on average (5 in 5 batches)" in said
    assert "Raise loader.patients (now 8" in said
    assert "risk_sets=bank; trainer.accumulate does not help" in said


def test_nothing_is_said_of_enough_events_of_one_batch_or_of_a_bank(config, patients):
    assert risk_sets(config, patients(40, 40)) == []
    assert risk_sets(config, patients(8)) == []
    assert risk_sets(with_bank(config), patients()) == []


def test_a_bank_in_several_processes_is_refused(config, patients):
    several = config.model_copy(
        update={"trainer": config.trainer.model_copy(update={"devices": 2})}
    )
    with pytest.raises(ConfigError, match=r"tasks.survival.risk_sets: a bank is kept by one proc"):
        risk_sets(with_bank(several), patients())


def test_a_bank_beside_blending_is_refused(patients):
    blended = compose(["+experiment=glioma_fusion", "penalties=blending"])
    with pytest.raises(ConfigError, match="log-hazards would enter the bank of the fusion"):
        risk_sets(with_bank(blended), patients())


def test_numbers_go_over_the_patients_with_a_label(config, patients):
    train = patients(6)
    found = numbered(train, with_bank(config).tasks)
    assert [found.labels[p].get("survival", torch.zeros(0)).tolist() for p in found.patients] == [
        [],
        [11.0, 1.0, 0.0],
        [],
        [13.0, 1.0, 1.0],
        [],
        [15.0, 1.0, 2.0],
    ]
    assert train.labels["p1"]["survival"].tolist() == [11.0, 1.0]  # as they were
    assert numbered(train, config.tasks).labels == train.labels
