"""What an encoder must know of its input before it is built."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fusion.data.source import Source
from fusion.data.sources.vector import VectorSource
from fusion.data.sources.volume import VolumeSource


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
    regions: tuple[str, ...] = ()
    """Of the tumour that are to be outlined, the whole tumour first."""


def layout(source: Source) -> Layout:
    """Of what a source gives.

    Raises:
        ConfigError: where a set of genes has no column.
    """
    if isinstance(source, VectorSource) and source.signatures is not None:
        return Layout(source.width, source.signatures.groups(_names(source)))
    if isinstance(source, VolumeSource):
        return Layout(source.width, regions=source.regions)
    return Layout(source.width)


def signed_how(sources: Mapping[str, Source]) -> list[str]:
    """Sentences on what the sets of genes of each modality leave out."""
    return [
        sentence
        for name, source in sources.items()
        if isinstance(source, VectorSource) and source.signatures is not None
        for sentence in source.signatures.sentences(name, _names(source))
    ]


def _names(source: VectorSource) -> tuple[str, ...]:
    assert source.preprocess is not None, "a layout is known after `fit`"
    return source.preprocess.names
