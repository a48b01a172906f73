import torch

from fusion.heads.bilinear import BilinearFusion
from fusion.testing.head_examples import DIMS, OUT, example

DIM, RANK = 5, 2


def test_equals_bilinear_forms_of_low_rank_over_the_pairs_that_are_there():
    torch.manual_seed(0)
    head = BilinearFusion(dims=DIMS, out_features=OUT, dim=DIM, rank=RANK).eval()
    tokens, names = example(), sorted(DIMS)
    x = [torch.nn.functional.pad(tokens[m].mean(), (0, 1), value=1.0) for m in names]
    forms = []
    for left, right in zip(head.left, head.right, strict=True):
        u, v = (
            torch.cat([side.weight, side.bias[:, None]], dim=1).unflatten(0, (DIM, RANK))
            for side in (left, right)
        )
        forms.append(torch.einsum("hri,hrj->hij", u, v))
        assert (torch.linalg.matrix_rank(forms[-1]) == RANK).all()
    result = head(tokens).outputs
    for i in range(len(result)):
        found = [
            torch.einsum("hij,i,j->h", form, x[a][i], x[b][i])
            for (a, b), form in zip(head.pairs, forms, strict=True)
            if tokens[names[a]].present[i] and tokens[names[b]].present[i]
        ]
        mean = torch.stack(found).mean(dim=0) if found else torch.zeros(DIM)
        # float32 sums in another order
        torch.testing.assert_close(result[i], head.out(mean), rtol=1e-4, atol=1e-5)


def test_every_pair_is_there_once_and_each_modality_with_itself():
    head = BilinearFusion(dims=DIMS, out_features=OUT)
    assert head.pairs == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
