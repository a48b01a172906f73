"""The values that travel: what they promise, and what they refuse."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fusion.types import Bags, Tokens, Volumes


@given(st.lists(st.integers(1, 5), max_size=6))
def test_owner_and_lengths_say_the_same_as_offsets(lengths):
    offsets = torch.tensor([0, *lengths], dtype=torch.long).cumsum(0)
    found = Bags(torch.zeros(int(offsets[-1]), 2), offsets)
    assert len(found) == len(lengths)
    assert found.lengths.tolist() == lengths
    assert found.owner.tolist() == [i for i, n in enumerate(lengths) for _ in range(n)]


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        ([], r"offsets of shape \[batch \+ 1\]"),
        ([1, 3], "offsets run from 1 to 3, expected 0 to 3, the number of rows"),
        ([0, 2], "offsets run from 0 to 2, expected 0 to 3"),
        ([0, 2, 2, 3], "a bag is empty: leave a patient without tiles out of the batch"),
        ([0, 3, 2, 3], "a bag is empty"),
    ],
)
def test_offsets_that_do_not_describe_the_rows(offsets, message):
    with pytest.raises(ValueError, match=message):
        Bags(torch.zeros(3, 2), torch.tensor(offsets, dtype=torch.long))


def test_a_volume_has_a_channel():
    image = torch.zeros(2, 2, 3, 3, 3)
    assert len(Volumes(image, torch.tensor([[True, False], [True, True]]))) == 2
    with pytest.raises(ValueError, match="a volume without any channel: leave that patient out"):
        Volumes(image, torch.tensor([[True, False], [False, False]]))


def test_junk_behind_the_mask_never_gets_out():
    features = torch.tensor([[[1.0, 2.0], [torch.nan, torch.inf]], [[torch.nan] * 2] * 2])
    tokens = Tokens(features, torch.tensor([[True, False], [False, False]]))
    assert tokens.present.tolist() == [True, False]
    assert tokens.mean().tolist() == [[1, 2], [0, 0]]
    assert bool(tokens.filled.isfinite().all())


def test_gradients_of_a_mean_reach_real_tokens_only():
    features = torch.full((1, 3, 2), torch.nan)
    features[0, 0] = 1.0
    features.requires_grad_()
    Tokens(features, torch.tensor([[True, False, False]])).mean().sum().backward()
    assert features.grad[0].tolist() == [[1, 1], [0, 0], [0, 0]]


def test_scatter_puts_each_row_at_its_patient():
    packed = Tokens(torch.tensor([[[1.0]], [[2.0]]]), torch.tensor([[True], [True]]))
    spread = packed.scatter(torch.tensor([False, True, False, True]))
    assert spread.features[:, 0, 0].tolist() == [0, 1, 0, 2]
    assert spread.mask[:, 0].tolist() == [False, True, False, True]
    with pytest.raises(ValueError, match="2 rows for 1 patients present"):
        packed.scatter(torch.tensor([True, False]))
