"""Patch encoders by name."""

from difflib import get_close_matches
from typing import Any

from fusion.data.prepare.patch_encoders.base import PatchEncoder
from fusion.errors import ConfigError

NAMES = ("texture", "own", "transformers", "clip", "timm")


def patch_encoder(name: str, **values: Any) -> PatchEncoder:
    """Build the patch encoder of that name from its values.

    Raises:
        ConfigError: for a name that does not exist, or values that do not fit it.

    Example:
        >>> patch_encoder("texture", tile_px=256, mpp=0.5).name
        'texture'
    """
    # each is imported when it is asked for: `transformers` is an extra, and slow to import
    match name:
        case "texture":
            from fusion.data.prepare.patch_encoders.texture import Texture

            return Texture(**values)
        case "transformers":
            from fusion.data.prepare.patch_encoders.transformers_model import TransformersModel

            return TransformersModel(**values)
        case "clip":
            from fusion.data.prepare.patch_encoders.clip_model import ClipModel

            return ClipModel(**values)
        case "timm":
            from fusion.data.prepare.patch_encoders.timm_model import TimmModel

            return TimmModel(**values)
        case "own":
            from fusion.data.prepare.patch_encoders.own_model import OwnModel

            return OwnModel(**values)
        case _:
            near = get_close_matches(name, NAMES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(
                f"no patch encoder {name!r}, expected one of {', '.join(NAMES)}{hint}"
            )
