"""What `scripts/pretrain_volumes.py` says of the weights that it leaves."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fusion.config.volume import VolumeConfig
from fusion.encoders.weights_file import find_weights
from fusion.errors import ConfigError

CARD = "card.json"

READS = ("sequences", "spacing_mm", "hu_window")
"""Settings by which a volume is read, and that a network must go on with."""


def reads(config: VolumeConfig) -> dict[str, Any]:
    """How a network sees its volumes.

    Not how large they are, nor whether MRI is brought to a scale of the training patients.
    """
    return config.model_dump(mode="json", include=set(READS))


def volume_card(place: Path) -> Mapping[str, Any] | None:
    """The card beside a file of weights; None for somebody else's weights, which have none.

    Raises:
        ConfigError: where there is no file, or the card is not one of `pretrain_volumes`.
    """
    path = find_weights(place).parent / CARD
    if not path.is_file():
        return None
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON ({error})") from error
    if not isinstance(card, dict) or "reads" not in card or "training_patients" not in card:
        raise ConfigError(
            f"{path}: expected reads and training_patients, as scripts/pretrain_volumes.py writes "
            "them; is it the card of something else?"
        )
    return card


def refuse_other_reading(config: VolumeConfig, card: Mapping[str, Any], what: str) -> None:
    """Stop where the network learned from volumes that were read otherwise.

    Raises:
        ConfigError: naming the settings.
    """
    mine = reads(config)
    differing = [name for name in READS if mine[name] != card["reads"].get(name)]
    if differing:
        said = "; ".join(f"{n} {card['reads'].get(n)}, here {mine[n]}" for n in differing)
        raise ConfigError(
            f"{what} learned from volumes that were read otherwise ({said}); give the same "
            "settings, or pretrain with these"
        )
