"""Published patch encoders that `timm` builds: what each takes, gives, and may be used for.

No weight is shipped or fetched. Settings, normalisation and licences are those of each model's own
page, as of 2025; read the page before you use a model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fusion.errors import ConfigError

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_BIOPTIMUS = ((0.707223, 0.578729, 0.703617), (0.211883, 0.230117, 0.177517))
_SWIGLU = {"mlp_layer": "SwiGLUPacked", "act_layer": "SiLU"}
_NO_DERIVATIVES = "CC BY-NC-ND 4.0"


@dataclass(frozen=True)
class Card:
    """One model."""

    name: str
    page: str
    """Where its weights are asked for."""
    licence: str
    citation: str
    architecture: str
    """As `timm.create_model` knows it."""
    dim: int
    """Features of a tile."""
    arguments: Mapping[str, object] = field(default_factory=dict)
    """Of `create_model`, beside the architecture's own."""
    pooling: Literal["token", "token_and_mean"] = "token"
    """The class token; or that, and the mean of the tokens of patches."""
    prefix: int = 1
    """Tokens before those of patches: the class token and registers."""
    tile_px: int = 224
    mpp: float = 0.5
    normalisation: Sequence[Sequence[float]] = _IMAGENET
    """Mean and standard deviation of red, green and blue, of values in [0, 1]."""


CARDS = {
    card.name: card
    for card in (
        Card(
            name="uni",
            page="https://huggingface.co/MahmoodLab/UNI",
            licence=_NO_DERIVATIVES,
            citation="Chen 2024, Nature Medicine 30:850",
            architecture="vit_large_patch16_224",
            arguments={"init_values": 1e-5},
            dim=1024,
        ),
        Card(
            name="uni2",
            page="https://huggingface.co/MahmoodLab/UNI2-h",
            licence=_NO_DERIVATIVES,
            citation="Chen 2024, Nature Medicine 30:850",
            architecture="vit_giant_patch14_224",
            arguments={
                "patch_size": 14,
                "depth": 24,
                "num_heads": 24,
                "init_values": 1e-5,
                "embed_dim": 1536,
                "mlp_ratio": 2.66667 * 2,
                "no_embed_class": True,
                "reg_tokens": 8,
                **_SWIGLU,
            },
            prefix=9,
            dim=1536,
        ),
        Card(
            name="virchow",
            page="https://huggingface.co/paige-ai/Virchow",
            licence="Apache 2.0",
            citation="Vorontsov 2024, Nature Medicine 30:2924",
            architecture="vit_huge_patch14_224",
            arguments={"init_values": 1e-5, "mlp_ratio": 5.3375, **_SWIGLU},
            pooling="token_and_mean",
            dim=2560,
        ),
        Card(
            name="virchow2",
            page="https://huggingface.co/paige-ai/Virchow2",
            licence=_NO_DERIVATIVES,
            citation="Zimmermann 2024, arXiv:2408.00738",
            architecture="vit_huge_patch14_224",
            arguments={"init_values": 1e-5, "mlp_ratio": 5.3375, "reg_tokens": 4, **_SWIGLU},
            pooling="token_and_mean",
            prefix=5,
            dim=2560,
        ),
        Card(
            name="gigapath",
            page="https://huggingface.co/prov-gigapath/prov-gigapath",
            licence="Apache 2.0",
            citation="Xu 2024, Nature 630:181",
            architecture="vit_giant_patch14_dinov2",
            arguments={
                "img_size": 224,
                "patch_size": 16,
                "embed_dim": 1536,
                "depth": 40,
                "num_heads": 24,
                "mlp_ratio": 5.33334,
            },
            dim=1536,
        ),
        Card(
            name="h_optimus_0",
            page="https://huggingface.co/bioptimus/H-optimus-0",
            licence="Apache 2.0",
            citation="Saillard 2024, H-optimus-0 (Bioptimus)",
            architecture="vit_giant_patch14_reg4_dinov2",
            arguments={"img_size": 224, "init_values": 1e-5},
            prefix=5,
            normalisation=_BIOPTIMUS,
            dim=1536,
        ),
        Card(
            name="h_optimus_1",
            page="https://huggingface.co/bioptimus/H-optimus-1",
            licence=_NO_DERIVATIVES,
            citation="Bioptimus 2025, H-optimus-1",
            architecture="vit_giant_patch14_reg4_dinov2",
            arguments={"img_size": 224, "init_values": 1e-5},
            prefix=5,
            normalisation=_BIOPTIMUS,
            dim=1536,
        ),
    )
}


def card_of(name: str) -> Card:
    """The card of that name.

    Raises:
        ConfigError: for another name.

    Example:
        >>> card_of("virchow2").dim
        2560
    """
    if name not in CARDS:
        raise ConfigError(f"no card {name!r}, expected one of {', '.join(CARDS)}")
    return CARDS[name]
