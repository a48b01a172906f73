"""The laws that every head and every encoder is held to.

A new member joins its family here first and is seen to fail: `check_head(partial(MyHead))`,
`check_encoder(MyEncoder(...), inputs)`. Laws are in `head_laws` and `encoder_laws`.
"""

from collections.abc import Collection

import torch

from fusion.encoders.base import Encoder
from fusion.testing.encoder_laws import (
    ENCODER_LAWS,
    every_bag_matters,
    every_real_input_matters,
)
from fusion.testing.head_examples import DIMS
from fusion.testing.head_laws import HEAD_LAWS, BuildHead
from fusion.types import Input


def check_head(build: BuildHead, *, uses: Collection[str] = tuple(DIMS)) -> None:
    """Hold a head to all laws of `HEAD_LAWS`.

    Args:
        build: called with `dims` and `out_features`; the modalities are those of `DIMS`.
        uses: the modalities that must matter; only a head that ignores some by design says so.

    Raises:
        BrokenLaw: naming the law.
    """
    for law in HEAD_LAWS:
        law(build, uses)


def check_encoder(
    encoder: Encoder, inputs: Input, *, tolerance: float = 1e-5, chooses: bool = False
) -> None:
    """Hold an encoder to all laws of `ENCODER_LAWS`; it is left as it was.

    Args:
        encoder: built, in any mode.
        inputs: of at least three patients: packed volumes, bags or vectors without NaN. Some
            volumes should lack a channel and bags should differ in length.
        tolerance: absolute and relative, for sums taken in another order.
        chooses: only an encoder that leaves out rows of a bag by design says so; then every bag,
            not every row, must matter.

    Raises:
        BrokenLaw: naming the law.
        ValueError: where there are fewer than three patients.
    """
    if len(inputs) < 3:
        raise ValueError(f"the laws compare patients: expected at least 3, got {len(inputs)}")
    with torch.random.fork_rng(devices=[]):
        for law in ENCODER_LAWS:
            asked = every_bag_matters if chooses and law is every_real_input_matters else law
            asked(encoder, inputs, tolerance)
