"""The schema of a whole run."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from fusion.config.audit import AuditConfig
from fusion.config.head import HeadConfig
from fusion.config.invariance import InvarianceConfig
from fusion.config.missing import MissingConfig
from fusion.config.modality import ModalityConfig, TableConfig
from fusion.config.penalties import PenaltiesConfig
from fusion.config.split import SplitConfig
from fusion.config.strict import Strict
from fusion.config.task import TaskConfig


class CohortConfig(Strict):
    """Where the patients are."""

    name: str
    root: str
    """Folder of `manifest.csv` and `targets.csv`."""
    data_root: str | None
    """What the manifest's paths are relative to; null for the cohort folder itself."""
    build: Literal["demo", "tcga_glioma"] | None
    """Builder that writes the folder when it is not there; null expects it."""
    source: str | None
    """Raw data that the builder reads."""
    external: dict[str, str]
    """Name -> folder of further cohorts, on which the finished model is evaluated."""
    join: dict[str, str]
    """Name -> folder of further cohorts that are divided and learned from as well; they share no
    patient with this one, and need not share a modality."""
    require: list[str]
    """Modalities without which a patient of this cohort takes no part; external ones may."""
    on_fault: Literal["stop", "exclude"]
    """Files that cannot be used: stop and list them, or go on without them and say so."""


class OptimizerConfig(Strict):
    """AdamW, with a learning rate that follows a half cosine or stays."""

    lr: PositiveFloat
    weight_decay: NonNegativeFloat
    schedule: Literal["cosine", "constant"]


class LoaderConfig(Strict):
    """How patients become batches."""

    patients: PositiveInt
    """Most patients in a batch."""
    rows: PositiveInt
    """Most tiles in a batch, beyond the first patient."""
    workers: NonNegativeInt
    """Processes that read; 0 reads in this one."""
    prefetch: NonNegativeInt
    """Training batches that a thread of this process reads ahead where there are no `workers`, who
    do so by themselves. Numbers are the same; 2 keeps five batches of volumes in memory."""


class TrainerConfig(Strict):
    """Where and how long it trains."""

    accelerator: Literal["cpu", "gpu", "mps", "tpu"]
    devices: PositiveInt
    strategy: str
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "64-true"]
    max_epochs: PositiveInt
    patience: PositiveInt
    gradient_clip: NonNegativeFloat
    accumulate: PositiveInt
    deterministic: bool
    threads: PositiveInt | None
    """CPU threads of torch; null leaves its own choice."""


class BaselineConfig(Strict):
    """The plain clinical model: which columns a clinic already has."""

    modality: str
    """Name of the table in the manifest."""
    table: TableConfig


class EvaluationConfig(Strict):
    """How the numbers get their intervals, and what fusion is compared with."""

    draws: PositiveInt
    """Bootstrap draws over patients."""
    singles: bool
    """Also train each modality alone, on the same patients."""
    unharmonised: bool
    """Where anything is harmonised, also read and train without, on the same patients."""
    thresholds: list[Annotated[float, Field(gt=0, lt=1)]] = Field(min_length=2)
    """Probabilities at which one might act, for net benefit: a clinician's choice."""
    sensitivity: float = Field(gt=0, le=1)
    """That the second operating point is to reach in validation patients."""
    subgroups: dict[str, list[float]]
    """Column of the clinical table -> edges of its bands; [] makes each value a group."""


class RunConfig(Strict):
    """All that decides a run."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    question: str
    """What is asked, in words, for the report."""
    seed: NonNegativeInt
    out: str
    cache: str
    data_root: str | None
    """Handy on the command line: where the raw data of an experiment lies."""
    ckpt: Literal["none", "last"]
    progress: bool
    cohort: CohortConfig
    split: SplitConfig
    modalities: dict[str, ModalityConfig] = Field(min_length=1)
    head: HeadConfig
    missing: MissingConfig
    """What stands for a modality that a patient lacks, in front of any head."""
    modality_dropout: float = Field(ge=0, lt=1)
    tasks: dict[str, TaskConfig] = Field(min_length=1)
    weighting: Literal["fixed", "learned"]
    penalty: dict[str, NonNegativeFloat]
    """Factor of each penalty, by name, 1 where not named: of the head, of `penalties`, of the
    invariance, or of an encoder (`MODALITY_instance` of CLAM)."""
    penalties: PenaltiesConfig
    """What training adds with any head."""
    invariance: InvarianceConfig
    """What training adds so that the tokens do not tell the centre."""
    optimizer: OptimizerConfig
    loader: LoaderConfig
    trainer: TrainerConfig
    baseline: BaselineConfig | None
    evaluation: EvaluationConfig
    audit: AuditConfig
