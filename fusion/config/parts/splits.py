"""Split configuration -> Split."""

from collections.abc import Collection
from functools import partial

from fusion.config.split import (
    ExternalCentersConfig,
    FileConfig,
    FixedConfig,
    FoldsConfig,
    KFoldConfig,
    LeaveCenterOutConfig,
    SplitConfig,
)
from fusion.data.cohort import Cohort
from fusion.data.split import Split
from fusion.data.splitting.external_centers import external_centers
from fusion.data.splitting.folds import published_folds
from fusion.data.splitting.fractions import fractions
from fusion.data.splitting.from_file import from_file
from fusion.data.splitting.kfold import kfold
from fusion.data.splitting.leave_center_out import leave_center_out
from fusion.types import PatientId


def build_split(config: SplitConfig, cohort: Cohort, patients: Collection[PatientId]) -> Split:
    """Divide the patients who can take part."""
    match config:
        case KFoldConfig():
            return kfold(
                cohort,
                patients,
                folds=config.folds,
                fold=config.fold,
                repeat=config.repeat,
                val_fraction=config.val,
                stratify=config.stratify,
                seed=config.seed,
            )
        case FoldsConfig():
            return published_folds(
                cohort,
                patients,
                path=config.path,
                fold=config.fold,
                val_fraction=config.val,
                stratify=config.stratify,
                seed=config.seed,
            )
        case FixedConfig():
            return fractions(
                cohort,
                patients,
                val_fraction=config.val,
                test_fraction=config.test,
                stratify=config.stratify,
                seed=config.seed,
            )
        case LeaveCenterOutConfig():
            return leave_center_out(
                cohort,
                patients,
                center=config.center,
                val_fraction=config.val,
                test_fraction=config.test,
                stratify=config.stratify,
                seed=config.seed,
            )
        case ExternalCentersConfig():
            inner = partial(
                fractions,
                val_fraction=config.val,
                test_fraction=config.test,
                stratify=config.stratify,
                seed=config.seed,
            )
            return external_centers(cohort, patients, centers=config.centers, inner=inner)
        case FileConfig():
            return from_file(cohort, patients, path=config.path)
