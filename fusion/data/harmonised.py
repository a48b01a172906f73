"""Sources that make centres alike: what they must be given, and what must be said of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from fusion.data.cohort import Files
from fusion.data.source import Source


@runtime_checkable
class Harmoniser(Protocol):
    """Takes the centre out of a source's values; fitted, stored and restored with the source."""

    def sentences(self, modality: str) -> list[str]:
        """What a reader of the report must know."""
        ...


@runtime_checkable
class Accompanied(Harmoniser, Protocol):
    """A harmoniser that looks at another table of the cohort too."""

    @property
    def companion(self) -> str | None:
        """Its name in the manifest; None where nothing is needed."""
        ...

    def accompany(self, files: Files) -> None:
        """Say where its rows lie, for all patients, before the source's `prepare`."""
        ...


@runtime_checkable
class Harmonised(Protocol):
    """A source with harmonisers; without any it has an empty sequence."""

    harmonisers: Sequence[Harmoniser]


def introduce(source: Source, files_of: Callable[[str], Files]) -> None:
    """Hand a source the rows of the other tables that it looks at."""
    for harmoniser in source.harmonisers if isinstance(source, Harmonised) else ():
        if isinstance(harmoniser, Accompanied) and harmoniser.companion is not None:
            harmoniser.accompany(files_of(harmoniser.companion))


def harmonised_how(sources: Mapping[str, Source]) -> list[str]:
    """Sentences on every harmonised modality."""
    return [
        sentence
        for name, source in sources.items()
        if isinstance(source, Harmonised)
        for harmoniser in source.harmonisers
        for sentence in harmoniser.sentences(name)
    ]
