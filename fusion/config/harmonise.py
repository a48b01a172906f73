"""How centres are made alike before anything learns; fitted on the training patients alone."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from fusion.config.strict import Strict


class PreserveConfig(Strict):
    """Inputs whose effect ComBat keeps where centres differ in them, such as age and sex."""

    modality: str
    """Table of the manifest that holds them; need not be a modality of the run."""
    columns: list[str] = Field(min_length=1)
    """Plain names. Known when a patient is predicted: never a label, nor what defines one."""
    categorical: dict[str, list[str]]
    """Those that are text, with their values."""


class ComBatConfig(Strict):
    """Location and scale of every feature at every centre, by empirical Bayes (Johnson 2007)."""

    name: Literal["combat"]
    unseen: Literal["leave", "own", "refuse"]
    """A centre without enough training patients: `leave` its patients as they are; estimate from
    its `own` patients, without their labels; or `refuse` to go on."""
    minimum: int = Field(ge=2)
    """Fewest patients of a centre from whom its location and scale are estimated."""
    preserve: PreserveConfig | None


class MacenkoConfig(Strict):
    """Two stains and how much there is of each (Macenko 2009)."""

    name: Literal["macenko"]
    tiles: PositiveInt
    """So many tiles of a slide, evenly spread, tell its stain."""
    white: float = Field(gt=1, le=255)
    """Brightness of empty glass."""
    min_density: float = Field(ge=0)
    """Mean optical density (natural logarithm) below which a pixel is glass."""
    percentile: float = Field(gt=0, lt=50)
    """The pure stains are this percentile of the angles, and 100 less it."""


class ReinhardConfig(Strict):
    """Mean and spread of the CIELAB colours (Reinhard 2001)."""

    name: Literal["reinhard"]
    tiles: PositiveInt
    """So many tiles of a slide, evenly spread, tell its colours."""
    white: float = Field(gt=1, le=255)
    """Brightness of empty glass."""
    min_density: float = Field(ge=0)
    """Mean optical density (natural logarithm) below which a pixel is glass."""


StainConfig = Annotated[MacenkoConfig | ReinhardConfig, Field(discriminator="name")]
