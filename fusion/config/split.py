"""The ways to divide a cohort, by name."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt

from fusion.config.strict import Strict

Share = Annotated[float, Field(ge=0, lt=1)]


class KFoldConfig(Strict):
    """Stratified k-fold, repeated where asked."""

    name: Literal["kfold"]
    folds: int = Field(ge=2)
    fold: NonNegativeInt
    repeat: NonNegativeInt
    val: Share
    stratify: list[str]
    seed: NonNegativeInt


class FixedConfig(Strict):
    """One division by shares."""

    name: Literal["fixed"]
    val: Share
    test: Share
    stratify: list[str]
    seed: NonNegativeInt


class LeaveCenterOutConfig(Strict):
    """One centre is external, the rest trains."""

    name: Literal["leave_center_out"]
    center: str
    val: Share
    test: Share
    stratify: list[str]
    seed: NonNegativeInt


class ExternalCentersConfig(Strict):
    """Some centres are external, the rest is divided by shares."""

    name: Literal["external_centers"]
    centers: list[str] = Field(min_length=1)
    val: Share
    test: Share
    stratify: list[str]
    seed: NonNegativeInt


class FoldsConfig(Strict):
    """Published folds: one tests, a share of the others validates."""

    name: Literal["folds"]
    path: str
    """CSV of `patient_id` and `fold`; who is not in it takes no part."""
    fold: NonNegativeInt
    val: Share
    stratify: list[str]
    seed: NonNegativeInt


class FileConfig(Strict):
    """A published or saved split."""

    name: Literal["file"]
    path: str


SplitConfig = Annotated[
    KFoldConfig
    | FoldsConfig
    | FixedConfig
    | LeaveCenterOutConfig
    | ExternalCentersConfig
    | FileConfig,
    Field(discriminator="name"),
]
