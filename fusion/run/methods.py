"""What a run does, as far as its configuration says: for checklists and the model card."""

from fusion.config.missing import (
    KnnConfig,
    MaskedConfig,
    MeanConfig,
    MissingConfig,
    ReconstructConfig,
    TokenConfig,
    ZerosConfig,
)
from fusion.config.modality import (
    BagConfig,
    TextureEncoderConfig,
    TransformersEncoderConfig,
    VectorConfig,
)
from fusion.config.run import RunConfig
from fusion.config.task import ClassificationConfig
from fusion.config.volume import VolumeConfig


def kinds(config: RunConfig) -> dict[str, str]:
    """Modality -> volume, bag or vector."""
    return {name: modality.kind for name, modality in sorted(config.modalities.items())}


def methods(config: RunConfig) -> dict[str, bool]:
    """Method -> whether it is used; what the configuration cannot say is absent.

    Example:
        >>> from fusion.config.compose import compose
        >>> found = methods(compose(["+experiment=glioma_fusion"]))
        >>> found["slides"], found["segmentation"], "tabular features" in found
        (True, True, False)
    """
    chosen = config.modalities.values()
    volumes = [m for m in chosen if isinstance(m, VolumeConfig)]
    bags = [m for m in chosen if isinstance(m, BagConfig)]
    texture = any(isinstance(m.patch_encoder, TextureEncoderConfig) for m in bags)
    pretrained = any(isinstance(m.patch_encoder, TransformersEncoderConfig) for m in bags)
    pretrained |= any(m.encoder.weights is not None for m in volumes)
    segmented = any(m.crop == "tumour" for m in volumes)
    found = {
        "volumes": bool(volumes),
        "slides": bool(bags),
        "segmentation": segmented,
        "hand-crafted features": texture,
        "end-to-end learning": bool(volumes),
        "filled modalities": stands_in(config) is not None,
        "patients in the weights": isinstance(config.missing, KnnConfig) and len(chosen) > 1,
        "pretrained encoders": pretrained,
        "class weights": any(
            isinstance(t, ClassificationConfig) and t.balanced for t in config.tasks.values()
        ),
    }
    if not segmented:
        found["automated segmentation"] = False  # whether masks that exist are, only people know
    if not texture and not any(isinstance(m, VectorConfig) for m in chosen):
        found["tabular features"] = False
    return found


def stands_in(config: RunConfig) -> str | None:
    """What stands for a modality that a patient lacks, for a reader; None where nothing does.

    Example:
        >>> from fusion.config.compose import compose
        >>> stands_in(compose(["+experiment=glioma_fusion", "missing=mean"]))
        'For a modality that a patient lacks stands the mean token of the training patients.'
    """
    if len(config.modalities) == 1:
        return None
    what = _stand_in(config.missing)
    return what and f"For a modality that a patient lacks stands {what}."


def _stand_in(config: MissingConfig) -> str | None:
    match config:
        case MaskedConfig():
            return None
        case TokenConfig():
            return "a learned token, so absence itself can tell something"
        case ZerosConfig():
            return "a vector of zeros, and the model is told who lacks what"
        case MeanConfig():
            return "the mean token of the training patients"
        case KnnConfig():
            return (
                f"the mean token of the {config.neighbours} training patients who are most alike "
                "in what is there; the weights hold a vector of each training patient for that, "
                "so they are to be passed on as data of patients are"
            )
        case ReconstructConfig():
            return "a network's prediction from what is there"
