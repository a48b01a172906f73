import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.early import EarlyFusion
from fusion.heads.modalities import sorted_names
from fusion.testing.head_examples import DIMS, example


@pytest.mark.parametrize("name", ["", "rna.seq", "train", "keys", "type"])
def test_a_name_that_torch_cannot_hold_is_refused_in_plain_words(name):
    with pytest.raises(ConfigError, match=f"modality {name!r} cannot name a module"):
        sorted_names({"mri": 1, name: 2})


def test_a_head_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="no modality is configured"):
        EarlyFusion(dims={}, out_features=1)


def test_no_modality_is_ignored_in_silence():
    head = EarlyFusion(dims=DIMS, out_features=1)
    tokens = example()
    with pytest.raises(
        ConfigError, match="built for mri, rna, wsi but was given ct, mri, rna, wsi"
    ):
        head({**tokens, "ct": tokens["mri"]})
    with pytest.raises(ConfigError, match="but was given nothing; build head and encoders"):
        head({})
    del tokens["mri"]
    with pytest.raises(ConfigError, match="but was given rna, wsi"):
        head(tokens)
    assert torch.is_tensor(head(example()).outputs)
