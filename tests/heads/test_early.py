import torch

from fusion.heads.early import EarlyFusion
from fusion.testing.head_examples import DIMS, OUT, example


def test_the_learned_vector_stands_exactly_where_a_modality_is_absent():
    head, tokens = EarlyFusion(dims=DIMS, out_features=OUT, dim=8, hidden=8).eval(), example()
    for i, name in enumerate(sorted(DIMS)):
        before = head(tokens).outputs
        with torch.no_grad():
            head.absent[i] += 1.0
        moved = (head(tokens).outputs != before).any(dim=1)
        assert torch.equal(moved, ~tokens[name].present)


def test_equals_its_definition_by_hand():
    head, tokens = EarlyFusion(dims=DIMS, out_features=OUT, dim=8, hidden=8).eval(), example()
    for row in range(len(tokens["mri"])):
        parts = []
        for i, name in enumerate(sorted(DIMS)):
            real = tokens[name].features[row][tokens[name].mask[row]]
            parts.append(head.project[name](real.mean(dim=0)) if len(real) else head.absent[i])
        expected = head.mlp(torch.cat(parts))
        # one row against a batch: float32 sums in another order
        torch.testing.assert_close(head(tokens).outputs[row], expected, rtol=1e-5, atol=1e-6)
