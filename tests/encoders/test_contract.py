"""Every encoder of bags and of vectors keeps the contract, alone and adapted."""

import pytest
import torch

from fusion.encoders.bag import GatedAttentionEncoder
from fusion.encoders.clam import ClamEncoder
from fusion.encoders.dsmil import DsmilEncoder
from fusion.encoders.gene_transformer import GeneTransformerEncoder
from fusion.encoders.identity import IdentityEncoder
from fusion.encoders.pathways import PathwayEncoder
from fusion.encoders.pooled import PooledEncoder
from fusion.encoders.prototypes import PrototypeEncoder
from fusion.encoders.tiles import TilesEncoder
from fusion.encoders.top_tiles import TopTilesEncoder
from fusion.encoders.transmil import TransmilEncoder
from fusion.encoders.vector import VectorEncoder
from fusion.testing.contracts import check_encoder
from fusion.types import Bags


def prototypes():
    """Fitted on tiles of its own."""
    encoder = PrototypeEncoder(features=6, dim=16, prototypes=4)
    random = torch.Generator().manual_seed(1)
    tiles = Bags(torch.randn(60, 6, generator=random), torch.tensor([0, 60]))
    encoder.fit([tiles], seed=0)
    return encoder


BAGS = {
    "mean": (lambda: PooledEncoder(features=6, dim=16, pool="mean"), False),
    "max": (lambda: PooledEncoder(features=6, dim=16, pool="max"), True),
    "gated_attention": (lambda: GatedAttentionEncoder(features=6, dim=16, attention_dim=8), False),
    "clam": (lambda: ClamEncoder(features=6, dim=16, attention_dim=8, instances=4), False),
    "dsmil": (lambda: DsmilEncoder(features=6, dim=16, query_dim=8, streams=3), False),
    "transmil": (lambda: TransmilEncoder(features=6, dim=16, heads=4), False),
    "transmil, approximate": (
        lambda: TransmilEncoder(features=6, dim=16, heads=4, landmarks=5, exact_up_to=10),
        False,
    ),
    "tiles": (lambda: TilesEncoder(features=6, dim=16, most=None), False),
    "tiles, some": (lambda: TilesEncoder(features=6, dim=16, most=5), True),
    "prototypes": (prototypes, False),
    "top_tiles": (lambda: TopTilesEncoder(features=6, dim=16, most=5), True),
}
"""Name -> how it is built, and whether it chooses tiles."""

VECTORS = {
    "snn": lambda: VectorEncoder(in_features=6, dim=8),
    "gene_transformer": lambda: GeneTransformerEncoder(in_features=6, dim=8, heads=2),
    "pathways": lambda: PathwayEncoder(
        groups={"A": (0, 1, 2), "B": (2, 3), "C": (5, 4)}, dim=8, hidden=16
    ),
}


@pytest.mark.parametrize("name", BAGS)
def test_encoders_of_bags(name, pack):
    build, chooses = BAGS[name]
    torch.manual_seed(0)
    check_encoder(build(), pack([1, 3, 40, 7]), chooses=chooses)


@pytest.mark.parametrize("name", VECTORS)
def test_encoders_of_vectors(name):
    torch.manual_seed(0)
    check_encoder(VECTORS[name](), torch.randn(5, 6))


def test_columns_as_they_are():
    check_encoder(IdentityEncoder(in_features=6), torch.randn(5, 6))


@pytest.mark.parametrize("name", BAGS)
def test_alone_to_a_millionth(name, pack):
    """On bags of slide size, in single precision."""
    torch.manual_seed(0)
    encoder = BAGS[name][0]().eval()
    lengths = [900, 1, 2500]
    bags = pack(lengths)
    with torch.inference_mode():
        whole = encoder(bags)
        for i, bag in enumerate(bags.features.split(lengths)):
            alone = encoder(type(bags)(bag, torch.tensor([0, len(bag)])))
            row = whole.features[i][whole.mask[i]]
            torch.testing.assert_close(alone.features[0], row, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", [*BAGS, *VECTORS])
def test_every_weight_learns(name, pack):
    """In training, penalties included: none is carried along, which DDP would stumble over."""
    torch.manual_seed(0)
    encoder = BAGS[name][0]() if name in BAGS else VECTORS[name]()
    tokens = encoder(pack([3, 40, 7]) if name in BAGS else torch.randn(5, 6))
    weight = torch.linspace(0.5, 1.5, tokens.features.shape[-1])
    loss = (tokens.filled * weight).square().sum() + sum(tokens.penalties.values())
    loss.backward()
    still = {n for n, p in encoder.named_parameters() if p.grad is None or not p.grad.any()}
    assert still == set()


@pytest.mark.parametrize("name", [*BAGS, *VECTORS])
def test_mixed_precision_is_close(name, pack):
    """bfloat16 keeps 8 bits; some layers deep, five percent of the tokens' size."""
    torch.manual_seed(0)
    encoder = (BAGS[name][0]() if name in BAGS else VECTORS[name]()).eval()
    inputs = pack([3, 40, 7]) if name in BAGS else torch.randn(5, 6)
    exact = encoder(inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = encoder(inputs)
    if name != "top_tiles":  # two tiles may change places
        gap = (rough.filled.float() - exact.filled).norm() / exact.filled.norm()
        assert gap < 0.05
    rough.filled.float().square().sum().backward()
    assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in encoder.parameters())
