import torch

from fusion.heads.micro_batches import micro_batches
from fusion.types import Tokens


def test_every_token_is_dealt_once_evenly_and_over_all_kinds():
    torch.manual_seed(0)
    mask = torch.arange(100) < torch.tensor([[100], [37], [0], [8]])
    # the first half of the kinds is far from the second
    kinds = (torch.rand(4, 100, 1) < 0.5) * 100.0
    tokens = Tokens(kinds + torch.randn(4, 100, 3), mask)
    parts = micro_batches(tokens, size=8)
    assert parts.owner.bincount(minlength=4).tolist() == [13, 5, 0, 1]
    assert torch.equal(parts.owner[parts.part], parts.patient)
    places = parts.part * 8 + parts.place
    assert len(places.unique()) == len(places) == int(mask.sum())
    sizes = parts.part.bincount()
    assert sizes.max() <= 8
    far = (tokens.features[parts.patient, parts.position, 0] > 50).long()
    for i in range(4):
        mine = sizes[parts.owner == i]
        assert mine.numel() == 0 or mine.max() - mine.min() <= 1
        # dealt in order, each part has its share of either kind, give or take one
        count = torch.zeros(len(sizes)).index_add_(0, parts.part, far.float())
        shares = count[parts.owner == i]
        assert shares.numel() == 0 or shares.max() - shares.min() <= 1


def test_storage_and_padding_change_nothing():
    torch.manual_seed(0)
    features, mask = torch.randn(2, 30, 3), torch.arange(30) < torch.tensor([[30], [11]])
    turn = torch.randperm(30)
    one = micro_batches(Tokens(features, mask), size=4)
    other = micro_batches(Tokens(features[:, turn], mask[:, turn]), size=4)

    def whole(parts, back):
        found = torch.full((2, 30), -1)
        found[parts.patient, back[parts.position]] = parts.part * 4 + parts.place
        return found

    assert torch.equal(whole(one, torch.arange(30)), whole(other, turn))
