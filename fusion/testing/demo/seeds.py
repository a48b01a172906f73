"""One independent stream of random numbers for each thing that is drawn."""

from zlib import crc32

import numpy as np


def stream(seed: int, name: str, *index: int) -> np.random.Generator:
    """A generator that depends on the seed, the name of what is drawn and its index, only.

    So that what one modality draws never moves another, and the order of work never matters.

    Example:
        >>> bool(stream(0, "mri", 3).random() == stream(0, "mri", 3).random())
        True
        >>> bool(stream(0, "mri", 3).random() == stream(0, "slides", 3).random())
        False
    """
    return np.random.default_rng([seed, crc32(name.encode()), *index])
