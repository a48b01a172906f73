"""What is done with the sequences of a patient before they are used."""

from dataclasses import dataclass

from fusion.errors import ConfigError

HD_BET = "hd-bet"
"""In the place of a sequence that holds the brain: the program finds it."""


@dataclass(frozen=True, kw_only=True)
class MriSettings:
    """Registration, then the brain, then the bias field; each may be left out.

    Raises:
        ConfigError: for values that do not fit, and where nothing is left to do.
    """

    reference: str
    """The sequence on whose grid everything is put."""
    register: bool = True
    """False: all sequences must lie on the reference's grid as they are."""
    brain: str | None = None
    """Sequence that holds the mask of the brain, or `hd-bet`; None keeps the skull."""
    drawn_on: str | None = None
    """Sequence on whose grid masks were drawn, and with which they move; None: the reference."""
    n4: bool = False
    shrink: int = 4
    """The bias field is fitted at so many times the finest spacing."""
    most_degrees: float = 45.0
    most_mm: float = 100.0
    """A motion beyond these is refused: no patient turns so far between two sequences."""
    seed: int = 0
    device: str = "cuda"
    """Of HD-BET: cuda, cpu or mps."""

    def __post_init__(self) -> None:
        if not (self.register or self.brain or self.n4):
            raise ConfigError("nothing to do: give register=yes, brain=... or n4=yes")
        if self.reference in ("mask", self.brain):
            raise ConfigError(f"reference {self.reference!r} is a mask; name a sequence")
        if self.brain == "mask":
            raise ConfigError("brain=mask: `mask` outlines tumour; name the sequence of the brain")
        if self.shrink < 1:
            raise ConfigError(f"shrink {self.shrink}: give 1 or more")
        if not 0 < self.most_degrees <= 180 or not self.most_mm > 0:
            raise ConfigError(
                f"most_degrees {self.most_degrees:g}, most_mm {self.most_mm:g}: give numbers above "
                "0, and no more than 180 degrees"
            )

    @property
    def masks_with(self) -> str:
        """The sequence that masks go with."""
        return self.drawn_on or self.reference
