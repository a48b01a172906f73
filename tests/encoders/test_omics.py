"""Sets of genes as tokens, and genes as tokens."""

import pytest
import torch

from fusion.encoders.gene_transformer import GeneTransformerEncoder
from fusion.encoders.pathways import PathwayEncoder
from fusion.errors import ConfigError

GROUPS = {"A": (0, 1, 2), "B": (4, 2), "C": (5,)}


def test_each_token_is_a_network_of_its_own():
    torch.manual_seed(0)
    encoder = PathwayEncoder(groups=GROUPS, dim=8, hidden=16).eval()
    x = torch.randn(5, 6)
    tokens, start = encoder(x), 0
    for i, columns in enumerate(GROUPS.values()):
        weight = encoder.inner[start : start + len(columns)]
        hidden = torch.selu(x[:, list(columns)] @ weight + encoder.inner_bias[i])
        expected = torch.selu(hidden @ encoder.outer[i] + encoder.outer_bias[i])
        torch.testing.assert_close(tokens.features[:, i], expected)
        start += len(columns)


def test_a_column_moves_the_sets_that_it_belongs_to_and_no_other():
    torch.manual_seed(0)
    encoder = PathwayEncoder(groups=GROUPS, dim=8, hidden=16).eval()
    x = torch.randn(1, 6)
    for column in range(6):
        moved = x.clone()
        moved[0, column] += 1
        changed = (encoder(moved).features != encoder(x).features).any(dim=2)[0]
        assert changed.tolist() == [column in columns for columns in GROUPS.values()]


def test_activations_stay_standardised_for_sets_of_any_size():
    """The fixed point of Klambauer 2017; 300 units of 3,000 draws stay within some percent."""
    torch.manual_seed(0)
    groups = {"small": range(5), "large": range(400)}
    encoder = PathwayEncoder(groups=groups, dim=300, hidden=300).eval()
    features = encoder(torch.randn(3000, 400)).features
    assert features.mean(dim=(0, 2)).tolist() == pytest.approx([0, 0], abs=0.15)
    assert features.var(dim=(0, 2)).tolist() == pytest.approx([1, 1], abs=0.25)


@pytest.mark.parametrize(("groups", "who"), [({"A": (0,), "B": ()}, "B"), ({}, "none is given")])
def test_an_empty_set_is_named(groups, who):
    with pytest.raises(ConfigError, match=f"a pathway needs a column: {who}"):
        PathwayEncoder(groups=groups)


def test_genes_are_told_apart_by_who_they_are():
    """Two genes that swap values give another token; two that swap places do not."""
    torch.manual_seed(0)
    encoder = GeneTransformerEncoder(in_features=6, dim=8, heads=2).eval()
    x = torch.randn(4, 6)
    token = encoder(x).features
    turn = torch.tensor([1, 0, 2, 3, 4, 5])
    assert not torch.allclose(encoder(x[:, turn]).features, token, atol=1e-4)
    encoder.gene.data = encoder.gene.data[turn]
    torch.testing.assert_close(encoder(x[:, turn]).features, token)


def test_too_many_columns_are_refused():
    with pytest.raises(ConfigError, match=r"11 columns, at most 10; choose some \(table.select"):
        GeneTransformerEncoder(in_features=11, most_columns=10)
    with pytest.raises(ConfigError, match="layers is 0"):
        GeneTransformerEncoder(in_features=6, layers=0)
