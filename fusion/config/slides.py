"""Slides without a run -> BagConfig."""

from collections.abc import Mapping

import hydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from fusion.config.compose import CONFIGS, sentence, unfilled
from fusion.config.modality import BagConfig
from fusion.errors import ConfigError


def slide_settings(encoder: str, settings: Mapping[str, str]) -> BagConfig:
    """How slides are read where no run says it: `configs/modality/slide.yaml`, and what is given.

    Args:
        encoder: one of `configs/patch_encoder/`.
        settings: of the modality, such as `tile_px`, or of the encoder: `patch_encoder.folder`.

    Raises:
        ConfigError: naming what is misspelt or mistyped.

    Example:
        >>> slide_settings("texture", {"tile_px": "256"}).tile_px
        256
    """
    overrides = [f"patch_encoder@modality.patch_encoder={encoder}"]
    overrides += [f"modality.{name}={value}" for name, value in settings.items()]
    with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
        try:
            config = hydra.compose("modality/slide", overrides=overrides)
            values = OmegaConf.to_container(config.modality, resolve=True)
        except (HydraException, OmegaConfBaseException) as error:
            message = str(error).split("\nConfig search path")[0].replace("modality.", "")
            raise ConfigError(message) from None
    if missing := unfilled(values):
        raise ConfigError(f"no value for {', '.join(missing)}; give {missing[0]}=...")
    try:
        return BagConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(sentence(f, values) for f in error.errors())) from None
