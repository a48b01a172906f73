"""Which tensors of a file belong where in a network: by name and shape, and by nothing else."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from torch import Tensor

from fusion.errors import ConfigError

CLOSE = 0.5
"""A second place in the file that has so large a share of the best one's names makes it unclear
which of the two is meant."""


@dataclass(frozen=True)
class Match:
    """What became of every tensor of a network, and of every tensor of a file.

    The first five are in the order of the network, and together all of it.
    """

    prefix: str
    """What stands before the network's names in the file."""
    matched: tuple[str, ...]
    other_input: tuple[str, ...]
    """Convolutions of the image that read another number of channels in the file."""
    other_shape: tuple[str, ...]
    other_norm: tuple[str, ...]
    """Scale or shift of a batch norm in the file, and of another norm in the network."""
    absent: tuple[str, ...]
    unused: tuple[str, ...]
    """Of the file."""


def match(
    wanted: Mapping[str, Tensor],
    tensors: Mapping[str, Tensor],
    *,
    channels: int,
    prefix: str | None,
) -> Match:
    """Compare a network with a file.

    Args:
        wanted: tensors of the network, by MONAI's names.
        tensors: of the file, by their place in it.
        channels: of the image that the network reads.
        prefix: of the names in the file; None finds it.

    Raises:
        ConfigError: where more than one prefix fits.

    Example:
        >>> import torch
        >>> wanted = {"a.weight": torch.zeros(2), "b.weight": torch.zeros(3)}
        >>> found = match(wanted, {"net.a.weight": torch.ones(2)}, channels=1, prefix=None)
        >>> found.prefix, found.matched, found.absent
        ('net.', ('a.weight',), ('b.weight',))
    """
    start = only_prefix(wanted, tensors) if prefix is None else prefix
    kinds: dict[str, list[str]] = {
        kind: [] for kind in ("matched", "other_input", "other_shape", "other_norm", "absent")
    }
    for name, mine in wanted.items():
        theirs = tensors.get(start + name)
        kinds[_kind(name, mine, theirs, start, wanted, tensors, channels)].append(name)
    used = {start + name for name in kinds["matched"]}
    return Match(
        prefix=start,
        unused=tuple(name for name in tensors if name not in used),
        **{kind: tuple(names) for kind, names in kinds.items()},
    )


def _kind(
    name: str,
    mine: Tensor,
    theirs: Tensor | None,
    start: str,
    wanted: Mapping[str, Tensor],
    tensors: Mapping[str, Tensor],
    channels: int,
) -> str:
    if theirs is None:
        return "absent"
    if mine.shape != theirs.shape:
        a, b = list(mine.shape), list(theirs.shape)
        of_image = len(a) == len(b) == 5 and a[1] == channels and a[0] == b[0] and a[2:] == b[2:]
        return "other_input" if of_image else "other_shape"
    mean = f"{name.rpartition('.')[0]}.running_mean"
    return "other_norm" if start + mean in tensors and mean not in wanted else "matched"


def only_prefix(wanted: Collection[str], tensors: Collection[str]) -> str:
    """What stands before the network's names in the file; empty where no name is known.

    Raises:
        ConfigError: where two prefixes fit about as well.

    Example:
        >>> only_prefix(["conv.weight"], ["module.conv.weight", "module.fc.weight"])
        'module.'
    """
    fits = Counter(
        name.removesuffix(tail) for name in tensors for tail in _tails(name) if tail in wanted
    )
    ranked = fits.most_common(2)
    if len(ranked) == 2 and ranked[1][1] >= CLOSE * ranked[0][1]:
        ways = " and ".join(f"{prefix!r} ({n} names)" for prefix, n in ranked)
        raise ConfigError(
            f"the network's {len(wanted)} names stand more than once in the file: behind {ways}; "
            "say which by weights.prefix"
        )
    return ranked[0][0] if ranked else ""


def _tails(name: str) -> list[str]:
    """A name, and what is left of it without its first part, its first two, and so on."""
    parts = name.split(".")
    return [".".join(parts[i:]) for i in range(len(parts))]
