"""Every head is held to the laws; add yours to HEADS and watch it fail first."""

from functools import partial

import pytest
import torch

from fusion.heads.attention import AttentionFusion
from fusion.heads.bilinear import BilinearFusion
from fusion.heads.bottleneck import BottleneckFusion
from fusion.heads.coattention import CoattentionFusion
from fusion.heads.columns import Columns
from fusion.heads.cross_attention import CrossAttentionFusion
from fusion.heads.dynamic import DynamicFusion
from fusion.heads.early import EarlyFusion
from fusion.heads.ensemble import EnsembleFusion
from fusion.heads.experts import ExpertFusion
from fusion.heads.film import FilmFusion
from fusion.heads.gated import GatedFusion
from fusion.heads.kronecker import KroneckerFusion
from fusion.heads.late import LateFusion
from fusion.heads.latent import LatentFusion
from fusion.heads.low_rank import LowRankFusion
from fusion.heads.offset import ClinicalOffset
from fusion.heads.offset_links import Offset
from fusion.heads.pairwise import PairwiseFusion
from fusion.heads.pathway_attention import PathwayAttentionFusion
from fusion.heads.pooled import PooledFusion
from fusion.heads.product import ProductFusion
from fusion.heads.prototype_attention import PrototypeAttentionFusion
from fusion.heads.shared_specific import SharedSpecificFusion
from fusion.heads.shared_unique import SharedUniqueFusion
from fusion.heads.single import SingleModality
from fusion.heads.translation import TranslationFusion
from fusion.heads.transport import TransportFusion
from fusion.testing.contracts import check_head
from fusion.testing.head_examples import DIMS
from fusion.testing.head_laws import HEAD_LAWS


def clinical_offset(dims, out_features, clinical):
    inner = EarlyFusion(dims=dims, out_features=8, dim=8, hidden=8)
    more = {"clinical": clinical, "hidden": 8, "shrink": 0.1}
    head = ClinicalOffset(inner, dims=dims, out_features=out_features, **more)
    draw = torch.Generator().manual_seed(1)
    weight = torch.randn(3, dims[clinical], generator=draw)
    parts = [Offset.steps(weight, torch.ones(3)), Offset.plain(weight[:1], torch.ones(1))]
    head.freeze(Offset.joined(parts), torch.randn(5, dims[clinical], generator=draw))
    return head


CLASSES = [Columns("classes", 2), Columns("plain", 1)]
STEPS = [Columns("plain", 1), Columns("steps", 2)]
HAZARDS = [Columns("hazards", 3)]

HEADS = {
    "early": partial(EarlyFusion, dim=16, hidden=16),
    "late": partial(LateFusion, hidden=16),
    "late, gated": partial(LateFusion, hidden=16, gated=True),
    "attention": partial(AttentionFusion, dim=16),
    "attention, one layer": partial(AttentionFusion, dim=16, layers=1),
    "attention, softmax one": partial(AttentionFusion, dim=16, softmax_one=True),
    "bilinear": partial(BilinearFusion, dim=8, rank=4),
    "bottleneck": partial(BottleneckFusion, dim=16, bottleneck=2),
    "coattention": partial(CoattentionFusion, guide="rna", dim=16, hidden=16),
    "cross attention": partial(CrossAttentionFusion, dim=16, queries=2, layers=2),
    "dynamic": partial(DynamicFusion, attention_dim=8),
    "ensemble, mean": partial(EnsembleFusion, how="mean", columns=CLASSES, hidden=16),
    "ensemble, validation": partial(EnsembleFusion, how="validation", columns=STEPS, hidden=16),
    "ensemble, rank": partial(EnsembleFusion, how="rank", hidden=16),
    "ensemble, stacked": partial(EnsembleFusion, how="stacked", columns=HAZARDS, hidden=16),
    "experts": partial(ExpertFusion, dim=8, hidden=16),
    "film": partial(FilmFusion, map="wsi", tables=["rna", "mri"], hidden=16),
    "gated": partial(GatedFusion, dim=16),
    "kronecker": partial(KroneckerFusion, dim=8, hidden=16),
    "latent": partial(LatentFusion, dim=16, latents=3),
    "low rank": partial(LowRankFusion, dim=16, rank=3),
    "offset": partial(clinical_offset, clinical="mri"),
    "offset, several rows": partial(clinical_offset, clinical="wsi"),
    "pairwise": partial(PairwiseFusion, dim=16, hidden=16),
    "pathway attention": partial(PathwayAttentionFusion, guide="rna", dim=16, hidden=16),
    "pooled, mean": partial(PooledFusion, dim=16, hidden=16),
    "pooled, maximum": partial(PooledFusion, how="max", dim=16, hidden=16),
    "product": partial(ProductFusion, dim=16, hidden=16),
    "prototype attention": partial(PrototypeAttentionFusion, dim=16, layers=2),
    "shared and specific": partial(SharedSpecificFusion, dim=16, hidden=16),
    "shared and unique": partial(SharedUniqueFusion, dim=16, hidden=16),
    "single": partial(SingleModality, modality="mri", hidden=16),
    "translation": partial(TranslationFusion, dim=16, hidden=16),
    "transport": partial(TransportFusion, guide="rna", dim=16, hidden=16),
    "transport, micro-batches": partial(
        TransportFusion, guide="rna", dim=16, hidden=16, micro_batch=2
    ),
}


@pytest.mark.parametrize("law", HEAD_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", HEADS)
def test_every_head_keeps_every_law(name, law):
    law(HEADS[name], ("mri",) if name == "single" else tuple(DIMS))


def test_the_whole_contract_in_one_call_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    check_head(HEADS["early"])
    assert torch.equal(before, torch.get_rng_state())
