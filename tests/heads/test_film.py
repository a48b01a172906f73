import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.film import FilmFusion
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens

SETTINGS = {"dims": DIMS, "out_features": OUT, "map": "wsi", "tables": ["rna", "mri"]}


def built(trained):
    torch.manual_seed(0)
    head = FilmFusion(**SETTINGS, hidden=8).eval()
    if trained:
        with torch.no_grad():
            for weight in head.modulate.parameters():
                weight.add_(torch.randn_like(weight))
    return head


def without(tokens, *names):
    gone = {m: Tokens(tokens[m].features, torch.zeros_like(tokens[m].mask)) for m in names}
    return {**tokens, **gone}


def test_training_begins_with_the_map_as_it_is():
    head, tokens = built(trained=False), example()
    assert torch.equal(head(tokens).outputs, head(without(tokens, "rna", "mri")).outputs)


def test_without_a_table_the_map_stays_as_it_is_whatever_was_learned():
    trained, tokens = built(trained=True), without(example(), "rna", "mri")
    assert torch.equal(trained(tokens).outputs, built(trained=False)(tokens).outputs)


def test_equals_its_definition_cell_by_cell():
    head, tokens = built(trained=True), example()
    result = head(tokens).outputs
    for i in range(len(result)):
        cells = tokens["wsi"].features[i][tokens["wsi"].mask[i]]
        cells = cells if len(cells) else head.absent[None]
        scale, shift = torch.ones(DIMS["wsi"]), torch.zeros(DIMS["wsi"])
        for m in ("rna", "mri"):
            if tokens[m].present[i]:
                asked = torch.cat([cells.mean(dim=0), tokens[m].mean()[i]])
                more, plus = head.modulate[m](asked).chunk(2)
                scale, shift = scale + more, shift + plus
        expected = head.out(torch.stack([head.cell(scale * c + shift) for c in cells]).mean(0))
        # float32 sums in another order
        torch.testing.assert_close(result[i], expected, rtol=1e-4, atol=1e-5)


def test_a_table_can_ask_for_cells_that_their_mean_does_not_show():
    """Two maps of the same mean differ, and a table says by how much."""
    dims = {"map": 1, "table": 1}
    torch.manual_seed(0)
    head = FilmFusion(dims=dims, out_features=1, map="map", tables=["table"]).eval()
    with torch.no_grad():
        head.modulate["table"][-1].weight.normal_()
    flat, steep = torch.zeros(1, 2, 1), torch.tensor([[[-1.0], [1.0]]])
    real = torch.ones(1, 2) > 0
    gaps = []
    for value in (0.0, 3.0):
        table = Tokens(torch.full((1, 1, 1), value), real[:, :1])
        maps = [head({"map": Tokens(m, real), "table": table}).outputs for m in (flat, steep)]
        gaps.append((maps[0] - maps[1]).item())
    assert gaps[0] != 0.0
    assert gaps[0] != pytest.approx(gaps[1], rel=1e-3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"map": "ct"}, "map 'ct' and tables rna, mri, expected .*: mri, rna, wsi; set head.map"),
        ({"tables": ["rna"]}, "map 'wsi' and tables rna, expected"),
        ({"tables": []}, "map 'wsi' and tables none, expected"),
        ({"tables": ["rna", "mri", "wsi"]}, "expected each of the modalities once"),
    ],
)
def test_a_modality_that_is_neither_or_both_is_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        FilmFusion(**SETTINGS | wrong)
