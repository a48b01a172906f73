"""The probabilities of outlined voxels made honest on validation patients."""

from fusion.data.dataset import PatientDataset
from fusion.data.sample import stack
from fusion.encoders.outline_temperature import fit_temperature
from fusion.encoders.tumour import TumourEncoder
from fusion.run.trained import Trained
from fusion.types import Modality, Volumes


def fit_temperatures(trained: Trained, val: PatientDataset, *, seed: int) -> bool:
    """Fit that of every encoder that outlines; False where there is none. Masks do not move."""
    outlining = {
        name: encoder
        for name, encoder in trained.model.encoders.items()
        if isinstance(encoder, TumourEncoder)
    }
    for name, encoder in outlining.items():
        device = next(encoder.parameters()).device
        inputs = (
            stack([found]).to(device)
            for i in range(len(val))
            if (found := val[i].inputs.get(Modality(name))) is not None
        )
        fit_temperature(encoder.eval(), (x for x in inputs if isinstance(x, Volumes)), seed=seed)
    return bool(outlining)
