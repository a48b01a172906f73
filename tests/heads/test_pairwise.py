import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.pairwise import PairwiseFusion
from fusion.testing.head_examples import DIMS, OUT, example


def test_equals_its_definition_pair_by_pair():
    torch.manual_seed(0)
    head = PairwiseFusion(dims=DIMS, out_features=OUT, dim=8, layers=2, heads=2).eval()
    tokens, names = example(), sorted(DIMS)
    result = head(tokens).outputs
    for i in range(len(result)):
        x = {
            m: head.project[m](tokens[m].features[i][tokens[m].mask[i]])[None]
            for m in names
            if tokens[m].present[i]
        }
        parts = []
        for a, absent in zip(names, head.absent, strict=True):
            if a not in x:
                parts.append(absent)
                continue
            told = [x[a]]
            for b in (b for b in names if b != a):
                y = x[a]
                if b in x:
                    for block in head.pairs[a][b]:
                        y, _ = block(y, x[b], torch.ones(x[b].shape[:2]) > 0)
                told.append(y)
            parts.append(torch.cat(told, dim=2)[0].mean(dim=0))
        # float32 sums in another order
        expected = head.out(torch.cat(parts)[None])[0]
        torch.testing.assert_close(result[i], expected, rtol=1e-4, atol=1e-5)


def test_pairs_are_directed():
    head = PairwiseFusion(dims=DIMS, out_features=OUT)
    assert {(a, b) for a, blocks in head.pairs.items() for b in blocks} == {
        (a, b) for a in DIMS for b in DIMS if a != b
    }


def test_one_modality_has_no_pair_and_still_fuses():
    head = PairwiseFusion(dims={"mri": 4}, out_features=OUT).eval()
    assert head({"mri": example()["mri"]}).outputs.shape == (16, OUT)


def test_no_layer_is_refused():
    with pytest.raises(ConfigError, match="head pairwise: layers=0; expected at least 1"):
        PairwiseFusion(dims=DIMS, out_features=OUT, layers=0)
