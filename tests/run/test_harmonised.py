"""A run with every harmonisation: fitted, said, and the same from what a bundle holds."""

import json

import pytest
import torch

from fusion.config.compose import compose
from fusion.config.parts.sources import build_sources
from fusion.data.harmonised import harmonised_how
from fusion.run.prepare import prepare, read_all

pytestmark = pytest.mark.slow
EVERYTHING = [
    "modalities.mri.normalise=nyul",
    "harmonise@modalities.rna.harmonise=combat_age_sex",
    "modalities.rna.harmonise.unseen=own",
    "modalities.rna.harmonise.minimum=3",
    "stain@modalities.wsi.stain=macenko",
    "harmonise@modalities.wsi.harmonise=combat",
    "modalities.wsi.harmonise.minimum=5",
]


def values(source, patient, rows):
    found = source.load(patient, rows)
    return getattr(found, "image", getattr(found, "features", found))


def test_what_a_bundle_holds_gives_what_the_run_read(settings, tmp_path):
    config = compose(settings("glioma_fusion", *EVERYTHING))
    material = prepare(config, tmp_path)
    sources = build_sources(config)
    for name, source in sources.items():
        state = json.dumps(dict(material.inputs.sources[name].state()), allow_nan=False)
        source.restore(json.loads(state))
    read_all(sources, [material.cohort], "stop")
    for name, source in sources.items():
        for patient, rows in material.cohort.files(name).items():
            expected = values(material.inputs.sources[name], patient, rows)
            assert torch.equal(values(source, patient, rows), expected), (name, patient)
            assert bool(expected.isfinite().all())
    told = material.inputs.sentences()
    assert told == harmonised_how(sources)
    text = " ".join(told)
    assert "Intensities of mri" in text
    assert "keeping what age and sex explain" in text
    assert "Dogwood (9 patients) and Elm (5 patients) had fewer than 3 training patients" in text
    assert "Stain of wsi" in text
    assert "their wsi is left as it is" in text
