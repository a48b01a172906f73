"""What a run does, as far as its configuration says: for checklists and the model card."""

from fusion.config.modality import (
    BagConfig,
    TextureEncoderConfig,
    TransformersEncoderConfig,
    VectorConfig,
    VolumeConfig,
)
from fusion.config.run import RunConfig
from fusion.config.task import ClassificationConfig


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
    segmented = any(m.crop == "tumour" for m in volumes)
    found = {
        "volumes": bool(volumes),
        "slides": bool(bags),
        "segmentation": segmented,
        "hand-crafted features": texture,
        "end-to-end learning": bool(volumes),
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
