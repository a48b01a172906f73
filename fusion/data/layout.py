"""What an encoder must know of its input before it is built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from fusion.data.signatures import Signatures
from fusion.data.source import Source


@dataclass(frozen=True)
class Layout:
    """Known after a source's `fit` or `restore`.

    Example:
        >>> Layout(3).groups
        {}
    """

    width: int
    """Channels of a volume, features of a tile, columns of a vector."""
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Set of genes -> the columns that belong to it; empty without signatures."""


@runtime_checkable
class Signed(Protocol):
    """A source that may match its columns to sets of genes."""

    signatures: Signatures | None


def layout(source: Source) -> Layout:
    """Of what a source gives."""
    if isinstance(source, Signed) and source.signatures is not None:
        return Layout(source.width, source.signatures.groups)
    return Layout(source.width)


def signed_how(sources: Mapping[str, Source]) -> list[str]:
    """Sentences on what every modality's signatures leave out."""
    return [
        sentence
        for name, source in sources.items()
        if isinstance(source, Signed) and source.signatures is not None
        for sentence in source.signatures.sentences(name)
    ]
