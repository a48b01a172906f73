"""The contracts have teeth: each fault below is seeded into a part that is otherwise sound."""

import pytest
import torch
from torch import nn

from fusion.encoders.base import Encoder
from fusion.heads.base import Fused, FusionHead
from fusion.testing.contracts import check_encoder, check_head
from fusion.testing.head_examples import DIMS
from fusion.types import Bags, Tokens, Volumes


class Sound(FusionHead):
    """Masked means, side by side, and whether each is there; the faults are made from it."""

    def __init__(self, *, dims, out_features):
        super().__init__()
        self.names = sorted(dims)
        width = sum(dims.values()) + len(dims)
        self.net = nn.Sequential(nn.Linear(width, 32), nn.Tanh(), nn.Linear(32, out_features))

    def row(self, tokens):
        means = [tokens[m].mean() for m in self.names]
        there = [tokens[m].present.float()[:, None] for m in self.names]
        return torch.cat([*means, *there], dim=1)

    def forward(self, tokens):
        return Fused(self.net(self.row(tokens)))


class UnmaskedConcat(Sound):
    def row(self, tokens):
        means = [tokens[m].features.mean(dim=1) for m in self.names]
        return torch.cat([*means, torch.zeros(len(means[0]), len(means))], dim=1)


class MultipliesByMask(Sound):
    """0 x 1e6 is 0, but 0 x NaN is NaN."""

    def row(self, tokens):
        t = {m: Tokens(x.features * x.mask[..., None], x.mask) for m, x in tokens.items()}
        means = [
            t[m].features.sum(1) / t[m].mask.sum(1, keepdim=True).clamp(min=1) for m in self.names
        ]
        return torch.cat([*means, *(t[m].present.float()[:, None] for m in self.names)], dim=1)


class NanOnlyBackward(Sound):
    """`where` after the fact: the result is right, its gradient is NaN."""

    def row(self, tokens):
        rows = []
        for m in self.names:
            x, mask = tokens[m].features, tokens[m].mask[..., None]
            kept = torch.where(mask, x.abs().sqrt() * x.abs().sqrt() * x.sign(), torch.zeros(()))
            rows.append(kept.sum(1) / mask.sum(1).clamp(min=1))
        return torch.cat([*rows, *(tokens[m].present.float()[:, None] for m in self.names)], dim=1)


class FollowsDict(Sound):
    def row(self, tokens):
        return torch.cat(
            [
                *(t.mean() for t in tokens.values()),
                *(t.present.float()[:, None] for t in tokens.values()),
            ],
            dim=1,
        )


class BuiltInDictOrder(Sound):
    def __init__(self, *, dims, out_features):
        super().__init__(dims=dims, out_features=out_features)
        self.first = nn.ModuleDict({m: nn.Linear(d, out_features) for m, d in dims.items()})

    def forward(self, tokens):
        return Fused(sum(self.first[m](tokens[m].mean()) for m in self.names))


class LeaksBatchMean(Sound):
    def row(self, tokens):
        row = super().row(tokens)
        return row - row.mean(dim=0)


class LeaksInTrainingOnly(Sound):
    def __init__(self, *, dims, out_features):
        super().__init__(dims=dims, out_features=out_features)
        self.norm = nn.BatchNorm1d(sum(dims.values()) + len(dims))

    def row(self, tokens):
        row = super().row(tokens)
        return self.norm(row) if len(row) > 1 else row


class FirstTokenOnly(Sound):
    def row(self, tokens):
        return super().row({m: Tokens(t.features[:, :1], t.mask[:, :1]) for m, t in tokens.items()})


class NumbersTokens(Sound):
    def row(self, tokens):
        weighted = {
            m: Tokens(t.features * torch.arange(1.0, t.mask.shape[1] + 1)[None, :, None], t.mask)
            for m, t in tokens.items()
        }
        return super().row(weighted)


class ForgetsModality(Sound):
    def row(self, tokens):
        nothing = torch.zeros_like(tokens["rna"].mask)
        return super().row({**tokens, "rna": Tokens(tokens["rna"].features, nothing)})


class DividesByNothing(Sound):
    def row(self, tokens):
        means = [tokens[m].filled.sum(1) / tokens[m].mask.sum(1, keepdim=True) for m in self.names]
        return torch.cat([*means, torch.zeros(len(means[0]), len(means))], dim=1)


class AttendsToTheAbsent(Sound):
    def forward(self, tokens):
        fused = super().forward(tokens)
        return Fused(fused.outputs, attention={m: torch.ones(len(t)) for m, t in tokens.items()})


class PenaltyOfJunk(Sound):
    def forward(self, tokens):
        size = sum(t.features.square().mean() for t in tokens.values())
        return Fused(super().forward(tokens).outputs, penalties={"size": size})


class DropsAnOutput(Sound):
    def forward(self, tokens):
        return Fused(super().forward(tokens).outputs[:, :-1])


def test_a_sound_head_passes():
    check_head(Sound)


@pytest.mark.parametrize(
    ("head", "law"),
    [
        (UnmaskedConcat, "masked values matter"),
        (MultipliesByMask, "masked values matter .nan."),
        (NanOnlyBackward, "gradient of"),
        (FollowsDict, "order of modalities matters in forward|mat1 and mat2"),
        (BuiltInDictOrder, "order of modalities"),
        (LeaksBatchMean, "patients depend on each other in evaluation"),
        (LeaksInTrainingOnly, "patients depend on each other in training"),
        (FirstTokenOnly, "order of tokens matters"),
        (NumbersTokens, "order of tokens matters"),
        (ForgetsModality, "rna token 0 is present, does not matter"),
        (DividesByNothing, "outputs where some are absent: NaN"),
        (AttendsToTheAbsent, "attention to wsi where it is absent"),
        (PenaltyOfJunk, "penalty size"),
        (DropsAnOutput, r"outputs have shape \(16, 2\), expected \(16, 3\)"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_a_seeded_fault_is_caught(head, law):
    with pytest.raises(AssertionError, match=law):
        check_head(head)


def test_a_head_that_ignores_a_modality_has_to_say_so():
    check_head(ForgetsModality, uses=("mri", "wsi"))
    with pytest.raises(AssertionError, match="mri token 0 matters, it must not"):
        check_head(ForgetsModality, uses=("wsi",))
    assert set(DIMS) == {"mri", "rna", "wsi"}


class MeanOfBag(Encoder[Bags]):
    dim = 4

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(3, 4)

    def pool(self, bags):
        sums = torch.zeros(len(bags), 3).index_add(0, bags.owner, bags.features)
        return sums / bags.lengths[:, None]

    def forward(self, bags):
        features = self.net(self.pool(bags))[:, None]
        return Tokens(features, torch.ones(features.shape[:2], dtype=torch.bool))


class FirstTile(MeanOfBag):
    def pool(self, bags):
        return bags.features[bags.offsets[:-1]]


class DividesByLongest(MeanOfBag):
    """What a mean over padded bags does."""

    def pool(self, bags):
        return super().pool(bags) * bags.lengths[:, None] / bags.lengths.max()


class CapsTiles(MeanOfBag):
    def pool(self, bags):
        starts, ends = bags.offsets[:-1], bags.offsets[1:].clamp(max=bags.offsets[:-1] + 2)
        rows = [bags.features[s:e].mean(0) for s, e in zip(starts, ends, strict=True)]
        return torch.stack(rows)


class MeanOfVolume(Encoder[Volumes]):
    dim = 4

    def __init__(self, norm=None):
        super().__init__()
        self.net, self.norm = nn.Linear(2, 4), norm or nn.Identity()

    def channels(self, x):
        return x.image.masked_fill(~x.channels[:, :, None, None, None], 0.0)

    def forward(self, x):
        features = self.net(self.norm(self.channels(x)).square().mean(dim=(2, 3, 4)))[:, None]
        return Tokens(features, torch.ones(features.shape[:2], dtype=torch.bool))


class ReadsAbsentChannels(MeanOfVolume):
    def channels(self, x):
        return x.image


class ForgetsChannel(MeanOfVolume):
    def channels(self, x):
        return super().channels(x)[:, :1].repeat(1, 2, 1, 1, 1)


class ZeroTimesNan(MeanOfVolume):
    def channels(self, x):
        return x.image * x.channels[:, :, None, None, None]


class Linear(Encoder[torch.Tensor]):
    def __init__(self, *, keep=6, dim=4, real=True):
        super().__init__()
        self.net, self.keep, self.dim, self.real = nn.Linear(keep, 4), keep, dim, real

    def forward(self, x):
        features = self.net(x[:, : self.keep])[:, None]
        return Tokens(features, torch.full(features.shape[:2], self.real))


def bags():
    draw = torch.Generator().manual_seed(0)
    return Bags(torch.randn(9, 3, generator=draw), torch.tensor([0, 4, 5, 9]))


def volumes():
    draw = torch.Generator().manual_seed(0)
    channels = torch.tensor([[1, 1], [1, 0], [0, 1]]).bool()
    return Volumes(torch.randn(3, 2, 3, 3, 3, generator=draw), channels)


def test_sound_encoders_pass_and_are_left_as_they_were():
    check_encoder(MeanOfBag(), bags())
    check_encoder(MeanOfVolume(), volumes())
    encoder = Linear().train()
    before = torch.get_rng_state()
    check_encoder(encoder, torch.randn(3, 6, generator=torch.Generator().manual_seed(0)))
    assert encoder.training
    assert encoder.net.weight.grad is None
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("encoder", "inputs", "law"),
    [
        (FirstTile(), bags(), "order of a bag's rows matters"),
        (DividesByLongest(), bags(), "patient 1 alone differs from the batch"),
        (CapsTiles(), bags(), "order of a bag's rows matters|a row of a bag does not matter"),
        (ReadsAbsentChannels(), volumes(), "1000000.0 in an absent channel matters"),
        (ZeroTimesNan(), volumes(), "nan in an absent channel matters"),
        (
            MeanOfVolume(nn.BatchNorm3d(2)),
            volumes(),
            "patient 1 depends on patient 0 .training=True",
        ),
        (ForgetsChannel(), volumes(), "a channel does not matter"),
        (Linear(keep=5), torch.ones(3, 6), "a column does not matter"),
        (Linear(dim=7), torch.ones(3, 6), "tokens are 4 wide, `dim` says 7"),
        (Linear(real=False), torch.ones(3, 6), "a patient who has the modality got no token"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_fault_seeded_into_an_encoder_is_caught(encoder, inputs, law):
    with pytest.raises(AssertionError, match=law):
        check_encoder(encoder, inputs)


def test_too_few_patients_prove_nothing():
    with pytest.raises(ValueError, match="expected at least 3, got 2"):
        check_encoder(Linear(), torch.ones(2, 6))
