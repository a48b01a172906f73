"""What every head does with the names of its modalities: one order, and no name unheard of."""

from collections.abc import Iterable, Mapping

from torch import nn

from fusion.errors import ConfigError
from fusion.types import Tokens


def sorted_names(names: Iterable[str]) -> tuple[str, ...]:
    """Modality names in the order that weights and results follow everywhere.

    Raises:
        ConfigError: where there is none, or torch cannot name a module so.

    Example:
        >>> sorted_names({"wsi": 8, "mri": 4})
        ('mri', 'wsi')
    """
    ordered = tuple(sorted(names))
    if not ordered:
        raise ConfigError("no modality is configured, expected at least one encoder")
    taken = nn.ModuleDict()
    for name in ordered:
        if not name or "." in name or hasattr(taken, name):
            raise ConfigError(
                f"modality {name!r} cannot name a module: it is empty, has a dot, or is a word "
                "that torch keeps for itself; rename it in the manifest and the configuration"
            )
    return ordered


def in_order(tokens: Mapping[str, Tokens], names: tuple[str, ...]) -> list[Tokens]:
    """The tokens of `names`, in that order.

    Raises:
        ConfigError: where the modalities are not exactly those; none is ignored in silence.
    """
    if tokens.keys() != set(names):
        raise ConfigError(
            f"the head was built for {', '.join(names)} but was given "
            f"{', '.join(sorted(tokens)) or 'nothing'}; build head and encoders from one list"
        )
    return [tokens[name] for name in names]
