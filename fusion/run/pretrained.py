"""Whether a tile encoder of one's own has met patients whom it must not have met."""

from collections.abc import Iterable
from pathlib import Path

from fusion.config.modality import BagConfig, OwnEncoderConfig
from fusion.config.run import RunConfig
from fusion.data.prepare.patch_encoders.own_model import read_card
from fusion.errors import LeakageError
from fusion.run.acquaintance import met_by_id
from fusion.types import PatientId


def refuse_pretrained(config: RunConfig, patients: Iterable[PatientId], *, cohort: str) -> None:
    """Stop where tiles of these patients taught an encoder of the run.

    Without labels too it is fitting: features of slides that the encoder has seen come out better
    than those of slides that it has not, and so would the metrics.

    Args:
        config: of the run.
        patients: all but those of training.
        cohort: what theirs is called.

    Raises:
        LeakageError: naming them, the encoder, and what to do.
        ConfigError: where the encoder has no card.
    """
    asked = list(patients)
    for name, modality in sorted(config.modalities.items()):
        if not isinstance(modality, BagConfig):
            continue
        encoder = modality.patch_encoder
        if not isinstance(encoder, OwnEncoderConfig):
            continue
        memory = read_card(Path(encoder.folder)).get("training_patients")
        met = [] if memory is None else met_by_id(memory, asked)
        if met:
            raise LeakageError(
                f"the tile encoder of {name}, {encoder.folder}, learned from slides of {len(met)} "
                f"patients of {cohort} who are not in training here: {', '.join(met[:5])}"
                f"{' ...' if len(met) > 5 else ''}. Learn it from the training patients of this "
                "split: scripts/pretrain_tiles.py split=split.json of this run"
            )
