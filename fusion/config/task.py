"""The tasks, by kind. The task's *name* is the key in the YAML."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from fusion.config.strict import Strict

Defining = dict[str, list[str]]
"""Modality -> columns (or patterns) that define the label, and so are never inputs."""


class ClassificationConfig(Strict):
    """Two classes or more."""

    kind: Literal["classification"]
    column: str
    """Of `targets.csv`."""
    classes: list[str] = Field(min_length=2)
    balanced: bool
    """Weigh classes by their inverse frequency among the training patients."""
    weight: NonNegativeFloat
    """Of the task's loss; 0 predicts it and learns nothing from it."""
    defining: Defining


class OrdinalConfig(Strict):
    """Ordered classes, such as a grade."""

    kind: Literal["ordinal"]
    column: str
    classes: list[str] = Field(min_length=3)
    """From low to high."""
    weight: NonNegativeFloat
    defining: Defining


class CoxConfig(Strict):
    """Proportional hazards."""

    kind: Literal["cox"]
    column: str
    """Stem of `<column>_time_days` and `<column>_event`."""
    horizons_days: list[PositiveFloat] = Field(min_length=1)
    ties: Literal["breslow", "efron"]
    risk_sets: Literal["batch", "bank"]
    """Who is at risk in the training loss: the batch, or all training patients, as last seen."""
    weight: NonNegativeFloat
    defining: Defining


class DiscreteTimeConfig(Strict):
    """Hazards in intervals whose edges come from the training patients."""

    kind: Literal["discrete_time"]
    column: str
    horizons_days: list[PositiveFloat] = Field(min_length=1)
    bins: PositiveInt
    weight: NonNegativeFloat
    defining: Defining


class WeibullConfig(Strict):
    """Weibull times with one shape."""

    kind: Literal["weibull"]
    column: str
    horizons_days: list[PositiveFloat] = Field(min_length=1)
    weight: NonNegativeFloat
    defining: Defining


class CompetingConfig(Strict):
    """Competing events: the first to come rules the others out."""

    kind: Literal["competing"]
    column: str
    """Stem of `<column>_time_days`, `<column>_event` and `<column>_cause`."""
    causes: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(_[A-Za-z0-9]+)*$")]] = Field(
        min_length=2
    )
    """What may stand in `<column>_cause`; the report holds each for a task, `<task>_<cause>`."""
    horizons_days: list[PositiveFloat] = Field(min_length=1)
    ties: Literal["breslow", "efron"]
    weight: NonNegativeFloat
    defining: Defining


TaskConfig = Annotated[
    ClassificationConfig
    | OrdinalConfig
    | CoxConfig
    | DiscreteTimeConfig
    | WeibullConfig
    | CompetingConfig,
    Field(discriminator="kind"),
]
