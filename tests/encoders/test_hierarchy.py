"""Attention by slides and regions: what a slide holds is weighed within it, then slides."""

import pytest
import torch

from fusion.encoders.bag import GatedAttentionEncoder
from fusion.encoders.hierarchy import LEVELS, HierarchyEncoder
from fusion.errors import ConfigError
from fusion.types import Bags


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return HierarchyEncoder(features=6, dim=16, attention_dim=8, dropout=0.0).double().eval()


def bags(parts, lengths):
    torch.manual_seed(1)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    return Bags(torch.randn(len(parts), 6, dtype=torch.float64), offsets, torch.tensor(parts))


def by_hand(encoder, rows, parts):
    """One patient, level by level, in loops."""
    hidden = encoder.embed(rows)
    regions = []
    for region in sorted({int(r) for _, r in parts}):
        slides = []
        for slide in sorted({int(s) for s, r in parts if int(r) == region}):
            mine = [i for i, (s, r) in enumerate(parts) if (int(s), int(r)) == (slide, region)]
            slides.append(encoder.attend["slides"](hidden[mine], [len(mine)])[0])
        both = torch.cat(slides)
        regions.append(encoder.attend["regions"](both, [len(both)])[0])
    every = torch.cat(regions)
    return encoder.attend["patients"](every, [len(every)])[0]


PARTS = [[0, 0], [1, 1], [0, 0], [2, 0], [1, 1], [2, 0], [2, 0], [0, 0], [0, 0], [1, 0]]


def test_each_level_is_weighed_within_the_one_above(encoder):
    given = bags(PARTS, [7, 3])
    found = encoder(given).features[:, 0]
    for i, (start, end) in enumerate([(0, 7), (7, 10)]):
        expected = by_hand(encoder, given.features[start:end], PARTS[start:end])
        torch.testing.assert_close(found[i : i + 1], expected)


def test_without_parts_it_is_gated_attention(encoder):
    given = bags(PARTS, [7, 3])
    plain = GatedAttentionEncoder(features=6, dim=16, attention_dim=8, dropout=0.0).double().eval()
    plain.embed, plain.attend = encoder.embed, encoder.attend["slides"]
    whole = Bags(given.features, given.offsets)
    torch.testing.assert_close(encoder(whole).features, plain(whole).features)


def test_the_order_of_tiles_and_what_slides_are_called_do_not_matter(encoder):
    given = bags(PARTS, [7, 3])
    order = torch.cat([torch.randperm(7), 7 + torch.randperm(3)])
    names = torch.tensor([5, 3, 9])
    renamed = torch.stack([names[given.parts[:, 0]], given.parts[:, 1] + 2], dim=1)
    other = Bags(given.features[order], given.offsets, renamed[order])
    torch.testing.assert_close(encoder(other).features, encoder(given).features)


def test_a_large_slide_does_not_drown_a_small_one(encoder):
    """Tiles of one slide, many times over, leave its weight what it was."""
    torch.manual_seed(2)
    small, large = torch.randn(1, 6), torch.randn(1, 6)

    def token(copies):
        rows = torch.cat([small, large.expand(copies, -1)]).double()
        parts = torch.tensor([[0, 0], *[[1, 0]] * copies])
        return encoder(Bags(rows, torch.tensor([0, copies + 1]), parts)).features

    torch.testing.assert_close(token(1), token(500))


def test_every_level_learns(encoder):
    given = bags(PARTS, [7, 3])
    encoder.train()(given).features.sum().backward()
    for level in LEVELS:
        assert float(encoder.attend[level].score.weight.grad.abs().sum()) > 0


def telling(classes=2):
    torch.manual_seed(0)
    return HierarchyEncoder(features=6, dim=16, attention_dim=8, dropout=0.0, classes=classes)


LABELS = [1, 0, 1, 1, 0, 1, 1, 1, 1, 1]
"""Of the tiles in PARTS: the first patient's two regions are 1 and 0, the second's is 1."""


def test_regions_are_held_against_their_labels_and_unknown_ones_against_none():
    encoder, plain = telling().double().eval(), bags(PARTS, [7, 3])
    given = Bags(plain.features, plain.offsets, plain.parts, torch.tensor(LABELS))
    found = encoder(given)
    logits, where = encoder.region_logits(given)
    assert where.tolist() == [[0, 0], [0, 1], [1, 0]]
    by_hand = torch.nn.functional.cross_entropy(logits, torch.tensor([1, 0, 1]))
    torch.testing.assert_close(found.penalties["regions"], by_hand)
    torch.testing.assert_close(found.features, encoder(plain).features)  # labels are no input
    assert encoder(plain).penalties == {}
    nobody = Bags(plain.features, plain.offsets, plain.parts, torch.full((10,), -1))
    assert encoder(nobody).penalties == {}


def test_it_finds_planted_labels_of_regions_that_patients_do_not_share():
    """Each patient has one region of each kind: nothing about the patient tells which."""
    generator = torch.Generator().manual_seed(0)
    patients, tiles = 40, 6
    features = torch.randn(patients * 2 * tiles, 6, generator=generator)
    parts = torch.tensor([[r, r] for _ in range(patients) for r in (0, 1) for _ in range(tiles)])
    swapped = torch.randint(0, 2, (patients,), generator=generator).repeat_interleave(2 * tiles)
    labels = (parts[:, 1] + swapped) % 2
    features[:, 0] += 1.5 * labels
    given = Bags(features, torch.arange(0, len(features) + 1, 2 * tiles), parts, labels)
    encoder = telling()
    optimizer = torch.optim.Adam(encoder.parameters(), lr=0.01)
    for _ in range(60):
        loss = encoder(given).penalties["regions"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    encoder.eval()
    logits, where = encoder.region_logits(given)
    truth = labels[::tiles]
    assert where.tolist() == [[p, r] for p in range(patients) for r in (0, 1)]
    # the mean of six tiles lies 1.5 apart with an SD of 0.41: 96 in 100 can be told
    assert (logits.argmax(dim=1) == truth).float().mean() > 0.9


def test_an_encoder_without_classes_tells_no_regions():
    with pytest.raises(ConfigError, match="set region_classes and train again"):
        telling(classes=0).region_logits(bags(PARTS, [7, 3]))
    assert telling(classes=0).losses == ()
    assert telling().losses == ("regions",)
