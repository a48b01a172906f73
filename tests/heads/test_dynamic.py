import torch

from fusion.heads.dynamic import DynamicFusion
from fusion.testing.head_examples import DIMS, OUT, example


def built():
    torch.manual_seed(0)
    head = DynamicFusion(dims=DIMS, out_features=OUT).eval()
    with torch.no_grad():
        head.prior.fill_(7.0)
    return head


def test_the_result_is_the_mean_of_the_risks_weighed_by_gated_attention():
    head, tokens = built(), example()
    fused = head(tokens)
    for i in range(len(fused.outputs)):
        x = {m: tokens[m].mean()[i] for m in DIMS if tokens[m].present[i]}
        raised = {
            m: head.score[m](torch.tanh(head.content[m](v)) * torch.sigmoid(head.gate[m](v))).exp()
            for m, v in x.items()
        }
        total = sum(raised.values())
        expected = sum(raised[m] / total * head.risk[m](v) for m, v in x.items()) if x else 7.0
        # float32 sums in another order
        torch.testing.assert_close(
            fused.outputs[i], torch.zeros(OUT) + expected, rtol=1e-5, atol=1e-6
        )


def test_what_counts_depends_on_the_patient():
    tokens = example()
    everyone = torch.stack([tokens[m].present for m in DIMS]).all(dim=0)
    assert everyone.sum() == 2
    one, other = built()(tokens).attention["mri"][everyone]
    assert one != other
