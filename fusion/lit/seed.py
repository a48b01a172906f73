"""One seed for every generator."""

import lightning


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch, here and in the workers of data loaders."""
    lightning.seed_everything(seed, workers=True, verbose=False)
