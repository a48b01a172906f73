"""Encoders that begin where those of a bundle ended."""

from dataclasses import replace

import pytest
import torch

from fusion.config.compose import compose
from fusion.errors import ConfigError, LeakageError
from fusion.run.assemble import assemble
from fusion.run.bundle import load_bundle
from fusion.run.prepare import prepare
from fusion.run.start import start

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ready(settings, finished, tmp_path_factory):
    """`ready(...)`: configuration, untrained model and material, as the finished run had them."""
    material = prepare(compose(settings("glioma_fusion")), tmp_path_factory.mktemp("run"))

    def made(*more, name="mri", adapted="full"):
        config = compose(
            settings(
                "glioma_fusion",
                "seed=1",
                f"adapt@modalities.{name}.adapt={adapted}",
                f"modalities.{name}.adapt.start={finished}/bundle",
                *more,
            )
        )
        sources = material.inputs.sources
        return config, assemble(config, sources, tuple(sorted(sources)), config.head), material

    return made


@pytest.mark.parametrize(("name", "adapted"), [("mri", "full"), ("wsi", "frozen"), ("rna", "lora")])
def test_one_encoder_is_that_of_the_bundle_and_the_others_are_not(ready, finished, name, adapted):
    config, trained, material = ready(name=name, adapted=adapted)
    start(config, trained, material)
    theirs = load_bundle(finished / "bundle").trained.model.eval().encoders
    people = material.inputs.dataset(material.place("train"), trained.modalities)
    for other in trained.modalities:
        who = next(p for p in people.patients if people.has(p, other))
        value = people.of([who])[0].inputs[other]
        with torch.no_grad():
            mine = trained.model.eval().encoders[other](value).features
            same = torch.equal(mine, theirs[other](value).features)
        assert same == (other == name)


def test_a_bundle_that_has_met_a_tested_patient_is_refused(ready):
    config, trained, material = ready()
    train, test = material.place("train"), material.place("test")
    swapped = (replace(p, patients=train.patients) if p is test else p for p in material.places)
    met = replace(material, places=tuple(swapped))
    with pytest.raises(
        LeakageError, match=rf"mri: .*bundle has learned from {len(train.patients)}"
    ):
        start(config, trained, met)


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("mri", ["modalities.mri.spacing_mm=[2.0,2.0,2.0]"], r"reads mri .* its spacing_mm; an"),
        ("wsi", ["modalities.wsi.encoder.dim=16"], r"wsi\.adapt\.start: .* weights do not fit"),
        ("rna", ["encoder@modalities.rna.encoder=gene_transformer"], r"weights do not fit this"),
    ],
)
def test_an_encoder_that_sees_or_is_something_else_is_refused(ready, name, more, message):
    config, trained, material = ready(*more, name=name)
    with pytest.raises(ConfigError, match=message):
        start(config, trained, material)
