"""What an encoder fits, it fits on the training patients, and the audit knows."""

import pytest

from fusion.config.compose import compose
from fusion.encoders.prototypes import PrototypeEncoder
from fusion.run.assemble import assemble
from fusion.run.familiarise import familiarise
from fusion.run.prepare import prepare

pytestmark = pytest.mark.slow


def test_prototypes_see_the_training_patients_and_no_other(settings, tmp_path, monkeypatch):
    config = compose(
        settings(
            "glioma_fusion",
            "~modalities.mri",
            "~modalities.rna",
            "encoder@modalities.wsi.encoder=prototypes",
        )
    )
    material = prepare(config, tmp_path)
    trained = assemble(config, material.inputs.sources, ("wsi",), config.head)
    shown = []
    plain = PrototypeEncoder.fit

    def watched(encoder, inputs, *, seed):
        bags = list(inputs)
        shown.extend(bags)
        plain(encoder, bags, seed=seed)

    monkeypatch.setattr(PrototypeEncoder, "fit", watched)
    familiarise(config, trained, material)
    train = material.inputs.dataset(material.place("train"), ("wsi",))
    assert [len(bag.features) for bag in shown] == train.sizes()
    assert not trained.model.encoders["wsi"].mean.isnan().any()
    note = next(fit for fit in material.fitted.fits if "encoder of wsi" in fit.what)
    assert set(note.patients) == set(train.patients)
