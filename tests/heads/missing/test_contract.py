"""Every fill in front of several heads is held to the laws of heads."""

from functools import partial

import pytest

from fusion.heads.attention import AttentionFusion
from fusion.heads.early import EarlyFusion
from fusion.heads.late import LateFusion
from fusion.heads.missing.fill import FittedFill
from fusion.heads.missing.filled import FilledFusion
from fusion.heads.missing.learned import LearnedToken
from fusion.heads.missing.mean import MeanToken
from fusion.heads.missing.nearest import NearestPatients
from fusion.heads.missing.reconstruct import Reconstruction
from fusion.heads.missing.zeros import ZerosWithBits
from fusion.testing.head_examples import DIMS, example
from fusion.testing.head_laws import HEAD_LAWS, present_matters_absent_does_not

FILLS = {
    "token": LearnedToken,
    "zeros": ZerosWithBits,
    "mean": MeanToken,
    "knn": partial(NearestPatients, neighbours=3),
    "reconstruct": partial(Reconstruction, hidden=8, hide=0.5, weight=1.0),
}
HEADS = {
    "attention": partial(AttentionFusion, dim=16),
    "early": partial(EarlyFusion, dim=16, hidden=16),
    "late": partial(LateFusion, hidden=16, gated=True),
}


def filled(fill, head, *, dims, out_features):
    made = FILLS[fill](dims=dims)
    if isinstance(made, FittedFill):
        made.fit([example(seed=2), example(seed=3)])
    return FilledFusion(HEADS[head](dims=made.dims, out_features=out_features), fill=made)


@pytest.mark.parametrize("law", HEAD_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("fill", FILLS)
def test_a_head_keeps_every_law_behind_any_fill(fill, law):
    law(partial(filled, fill, "late"), tuple(DIMS))


@pytest.mark.parametrize("head", ["attention", "early"])
@pytest.mark.parametrize("fill", FILLS)
def test_what_is_absent_tells_no_other_head_anything(fill, head):
    present_matters_absent_does_not(partial(filled, fill, head), tuple(DIMS))
