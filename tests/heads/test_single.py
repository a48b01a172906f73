import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.single import SingleModality
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


def test_other_modalities_never_matter_and_whoever_lacks_it_gets_the_constant():
    head, tokens = SingleModality(dims=DIMS, out_features=OUT, modality="rna").eval(), example()
    with torch.no_grad():
        head.absent.copy_(torch.tensor([1.0, 2.0, 3.0]))
    outputs = head(tokens).outputs
    absent = ~tokens["rna"].present
    assert torch.equal(outputs[absent], head.absent.expand(int(absent.sum()), OUT))
    others = {m: Tokens(t.features + 9.0, ~t.mask) for m, t in tokens.items()}
    assert torch.equal(head({**others, "rna": tokens["rna"]}).outputs, outputs)


def test_an_unknown_modality_is_refused():
    with pytest.raises(ConfigError, match="'ct' is not configured, expected one of mri, rna, wsi"):
        SingleModality(dims=DIMS, out_features=1, modality="ct")
