"""Every head is held to the laws; add yours to HEADS and watch it fail first."""

from functools import partial

import pytest
import torch

from fusion.heads.attention import AttentionFusion
from fusion.heads.early import EarlyFusion
from fusion.heads.late import LateFusion
from fusion.heads.single import SingleModality
from fusion.testing.contracts import check_head
from fusion.testing.head_examples import DIMS
from fusion.testing.head_laws import HEAD_LAWS

HEADS = {
    "early": partial(EarlyFusion, dim=16, hidden=16),
    "late": partial(LateFusion, hidden=16),
    "late, gated": partial(LateFusion, hidden=16, gated=True),
    "attention": partial(AttentionFusion, dim=16),
    "attention, one layer": partial(AttentionFusion, dim=16, layers=1),
    "single": partial(SingleModality, modality="mri", hidden=16),
}


@pytest.mark.parametrize("law", HEAD_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", HEADS)
def test_every_head_keeps_every_law(name, law):
    law(HEADS[name], ("mri",) if name == "single" else tuple(DIMS))


def test_the_whole_contract_in_one_call_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    check_head(HEADS["early"])
    assert torch.equal(before, torch.get_rng_state())
