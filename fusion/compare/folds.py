"""Which fold a run is of."""

from collections.abc import Sequence

from fusion.config.split import (
    ExternalCentersConfig,
    FileConfig,
    FixedConfig,
    FoldsConfig,
    KFoldConfig,
    LeaveCenterOutConfig,
    SplitConfig,
)


def folds(splits: Sequence[SplitConfig]) -> list[str]:
    """A name for each run's division, the same for the same one.

    The seed of the division is told where it is not the same in all: it makes another division.

    Example:
        >>> split = {"name": "kfold", "folds": 3, "repeat": 0, "val": 0.2, "stratify": []}
        >>> folds([KFoldConfig(**split, fold=i, seed=0) for i in range(2)])
        ['repeat 0, fold 0 of 3', 'repeat 0, fold 1 of 3']
    """
    parts = [_parts(split) for split in splits]
    seeds = {seed for _, seed in parts}
    return [text if len(seeds) == 1 else f"{text}, split seed {seed}" for text, seed in parts]


def _parts(split: SplitConfig) -> tuple[str, int | None]:
    match split:
        case KFoldConfig():
            return f"repeat {split.repeat}, fold {split.fold} of {split.folds}", split.seed
        case LeaveCenterOutConfig():
            return f"without {split.center}", split.seed
        case ExternalCentersConfig():
            return f"{', '.join(split.centers)} external", split.seed
        case FixedConfig():
            return "one division", split.seed
        case FoldsConfig():
            return f"fold {split.fold} of {split.path}", split.seed
        case FileConfig():
            return split.path, None
