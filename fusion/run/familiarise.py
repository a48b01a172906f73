"""What encoders and the head fit before training, on the training patients alone."""

from fusion.config.run import RunConfig
from fusion.encoders.base import Fitted
from fusion.heads.offset import ClinicalOffset
from fusion.run.material import Material
from fusion.run.offset import fit_offset
from fusion.run.trained import Trained
from fusion.types import Modality


def familiarise(config: RunConfig, trained: Trained, material: Material) -> None:
    """Show each encoder that asks for it the training patients' inputs; fit a clinical offset.

    Raises:
        TrainingError: where a regression of the clinical offset cannot be fitted.
    """
    for name in trained.modalities:
        encoder = trained.model.encoders[name]
        if isinstance(encoder, Fitted):
            people = material.inputs.dataset(material.place("train"), (name,))
            inputs = (people[i].inputs[Modality(name)] for i in range(len(people)))
            encoder.fit(inputs, seed=config.seed)
            material.fitted.note(f"what the encoder of {name} fits", "fit", people.patients)
    if isinstance(trained.model.head, ClinicalOffset):
        fit_offset(config, trained.model.head, material)
