"""What stands for a missing modality, by its YAML, in front of a head."""

from dataclasses import replace

import pytest
import torch
import yaml
from pydantic import TypeAdapter

from fusion.config.compose import CONFIGS, compose
from fusion.config.head import HeadConfig
from fusion.config.missing import MissingConfig
from fusion.config.parts.model import build_model
from fusion.data.layout import Layout
from fusion.data.sample import Sample, collate
from fusion.errors import ConfigError
from fusion.heads.missing.filled import FilledFusion
from fusion.heads.offset import ClinicalOffset
from fusion.run.robustness import only
from fusion.run.trained import Trained
from fusion.types import Center, Modality, PatientId

NAMES = sorted(path.stem for path in (CONFIGS / "missing").glob("*.yaml"))
WIDTHS = {"rna": 5, "cnv": 3}


@pytest.fixture(scope="module")
def modalities():
    rna = compose(["+experiment=glioma_fusion"]).modalities["rna"]
    return dict.fromkeys(WIDTHS, rna)


def configured(group, name, union, **more):
    values = yaml.safe_load((CONFIGS / group / f"{name}.yaml").read_text())
    values.pop("defaults", None)
    return TypeAdapter(union).validate_python(values | more)


@pytest.fixture(scope="module")
def built(modalities):
    def made(missing, head="early", names=tuple(WIDTHS), seed=0, **more):
        return build_model(
            {m: modalities[m] for m in names},
            configured("head", head, HeadConfig, **more),
            layouts={m: Layout(WIDTHS[m]) for m in names},
            out_features=2,
            missing=configured("missing", missing, MissingConfig),
            modality_dropout=0.2,
            seed=seed,
        )

    return made


def batch(seed):
    draw = torch.Generator().manual_seed(seed)
    samples = []
    for i in range(12):
        inputs = {Modality(m): torch.randn(1, w, generator=draw) for m, w in WIDTHS.items()}
        if i % 3:
            inputs.pop(Modality(sorted(WIDTHS)[i % 3 - 1]))
        samples.append(Sample(PatientId(str(i)), Center("c"), inputs, {}))
    return collate(samples)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_reaches_every_weight_and_lowers_the_loss(built, name):
    model, people = built(name), batch(0)
    model.fit_missing([people])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def loss():
        torch.manual_seed(0)  # the same dropout twice
        fused = model.train()(people)
        return (fused.outputs - 1.0).square().mean() + sum(fused.penalties.values())

    before = loss()
    before.backward()
    unreached = {n for n, w in model.head.named_parameters() if not w.grad.any()}
    assert unreached <= {"head.absent"}  # what early fusion has for the absent is not asked
    optimizer.step()
    assert loss() < before


@pytest.mark.parametrize("name", NAMES)
def test_hiding_a_modality_is_not_having_it(built, name):
    model, people = built(name).eval(), batch(0)
    model.fit_missing([people])
    gone = replace(
        people,
        inputs={Modality("rna"): people.inputs[Modality("rna")]},
        present={**people.present, Modality("cnv"): torch.zeros(12, dtype=torch.bool)},
    )
    hidden = model.head(only(model.encode(people), ["rna"]))
    torch.testing.assert_close(hidden.outputs, model(gone).outputs)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_fitted_travels_with_the_weights(built, name, tmp_path):
    one, other = (Trained(built(name, seed=s), {}, tuple(WIDTHS)) for s in (0, 1))
    one.model.fit_missing([batch(0), batch(1)])
    one.save(tmp_path / "weights.safetensors")
    other.restore(tmp_path / "weights.safetensors")
    people = batch(2)
    expected = one.model.eval()(people).outputs
    assert torch.equal(other.model.eval()(people).outputs, expected)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_stands_for_the_only_modality(built, name):
    model = built(name, "single", names=("rna",), modality="rna")
    masked = built("masked", "single", names=("rna",), modality="rna")
    assert not [part for part in model.modules() if isinstance(part, FilledFusion)]
    for key, value in masked.state_dict().items():
        assert torch.equal(model.state_dict()[key], value), key


def test_the_same_seed_builds_the_same_bytes(built):
    for name in NAMES:
        one, two = built(name).state_dict(), built(name).state_dict()
        for key, value in one.items():
            # a mean that is not fitted yet is NaN
            torch.testing.assert_close(value, two[key], rtol=0, atol=0, equal_nan=True)


def test_a_pool_of_models_that_were_trained_alone_is_not_filled(built):
    with pytest.raises(ConfigError, match=r"missing=mean with head=ensemble: .* missing=masked"):
        built("mean", "ensemble")


def test_a_clinical_offset_reads_what_the_clinic_has(built):
    """Not what stands in: that is for the head which adds to it."""
    head = built(
        "zeros",
        "offset",
        clinical="rna",
        inner={"name": "single", "modality": "cnv", "hidden": 8, "dropout": 0.0},
    ).head
    assert isinstance(head, ClinicalOffset)
    assert isinstance(head.head, FilledFusion)
