import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.prototype_attention import PrototypeAttentionFusion
from fusion.testing.head_examples import DIMS, OUT, example


def test_equals_its_definition_patient_by_patient():
    torch.manual_seed(0)
    head = PrototypeAttentionFusion(dims=DIMS, out_features=OUT, dim=8, layers=2, heads=2).eval()
    tokens, names = example(), sorted(DIMS)
    result = head(tokens).outputs
    for i in range(len(result)):
        parts = {
            m: head.project[m](tokens[m].features[i][tokens[m].mask[i]]) + head.modality[k]
            for k, m in enumerate(names)
            if tokens[m].present[i]
        }
        means = dict(zip(names, head.absent, strict=True))
        if parts:
            x = torch.cat(list(parts.values()))[None]
            for block in head.blocks:
                x = block.norms[0](x + block.attention(x, x, x)[0])
                x = block.norms[1](x + block.feed(x))
            sizes = [len(part) for part in parts.values()]
            for m, part in zip(parts, x[0].split(sizes), strict=True):
                means[m] = part.mean(dim=0)
        expected = head.out(torch.cat([means[m] for m in names]))
        # float32 sums in another order
        torch.testing.assert_close(result[i], expected, rtol=1e-4, atol=1e-5)


def test_no_layer_is_refused():
    with pytest.raises(ConfigError, match="prototype_attention: layers=0; expected at least 1"):
        PrototypeAttentionFusion(dims=DIMS, out_features=OUT, layers=0)
