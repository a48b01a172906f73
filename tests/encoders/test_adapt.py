"""What learns, from when on, and at which rank."""

import copy

import pytest
import torch
from safetensors.torch import load_file, save_file

from fusion.encoders.backbones import volume_backbone
from fusion.encoders.bag import GatedAttentionEncoder
from fusion.encoders.freeze import freeze, stages, unfreeze
from fusion.encoders.lora import add_lora, load_plain, plain_weights
from fusion.encoders.pathways import PathwayEncoder
from fusion.encoders.transmil import TransmilEncoder
from fusion.encoders.vector import VectorEncoder
from fusion.encoders.volume import VolumeEncoder
from fusion.errors import ConfigError
from fusion.testing.contracts import check_encoder
from fusion.types import Volumes


def volume():
    backbone, features = volume_backbone("resnet", channels=2, width=8, layers=(1, 1))
    return VolumeEncoder(backbone=backbone, features=features, channels=2, dim=8)


ENCODERS = {
    "gated_attention": lambda: GatedAttentionEncoder(features=6, dim=16, attention_dim=8),
    "transmil": lambda: TransmilEncoder(features=6, dim=16, heads=2),
    "pathways": lambda: PathwayEncoder(groups={"A": range(6), "B": range(4)}, dim=8, hidden=16),
    "snn": lambda: VectorEncoder(in_features=6, dim=16),
    "resnet": volume,
}


@pytest.fixture(params=ENCODERS)
def case(request, pack):
    """An encoder and what it takes."""
    torch.manual_seed(0)
    inputs = torch.randn(3, 6)
    if request.param in ("gated_attention", "transmil"):
        inputs = pack([3, 1, 9])
    if request.param == "resnet":
        inputs = Volumes(torch.randn(3, 2, 16, 16, 16), torch.ones(3, 2, dtype=torch.bool))
    return ENCODERS[request.param](), inputs


def step(encoder, inputs):
    """One step of what learns; which parameters moved."""
    before = {n: p.detach().clone() for n, p in encoder.named_parameters()}
    learning = [p for p in encoder.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=0.01, weight_decay=0.1)
    tokens = encoder(inputs).features
    (tokens * torch.linspace(0.5, 1.5, tokens.shape[-1])).square().sum().backward()
    optimizer.step()
    return {n for n, p in encoder.named_parameters() if not torch.equal(before[n], p)}


def test_lora_changes_nothing_before_it_learns(case):
    encoder, inputs = case
    encoder.eval()
    before = encoder(inputs).features
    add_lora(encoder, rank=1, alpha=2.0)
    assert torch.equal(encoder(inputs).features, before)


def test_lora_keeps_the_contract(case):
    encoder, inputs = case
    add_lora(encoder, rank=1, alpha=2.0)
    check_encoder(encoder, inputs)


def test_only_what_lora_adds_learns(case):
    encoder, inputs = case
    add_lora(encoder, rank=1, alpha=2.0)
    added = {n for n, p in encoder.named_parameters() if p.requires_grad}
    assert added
    assert all(n.rsplit(".", 1)[1] in ("a", "b") for n in added)
    moved = step(encoder, inputs)
    assert moved <= added
    assert {n for n in added if n.endswith(".b")} <= moved  # A has no slope while B is zero


def test_lora_has_its_rank(case):
    encoder, inputs = case
    before = plain_weights(encoder)
    add_lora(encoder, rank=2, alpha=2.0)
    for _ in range(2):
        step(encoder, inputs)
    after, changed = plain_weights(encoder), 0
    assert after.keys() == before.keys()
    for name, weight in before.items():
        difference = (after[name] - weight).flatten(1) if weight.ndim > 1 else weight - after[name]
        if not difference.any():
            continue
        changed += 1
        assert torch.linalg.matrix_rank(difference, rtol=1e-3) <= 2
    assert changed


def test_lora_survives_a_file(case, tmp_path):
    """As in a bundle: names and shapes follow from the configuration alone."""
    encoder, inputs = case
    other = copy.deepcopy(encoder)
    for one in (encoder, other):
        add_lora(one, rank=2, alpha=2.0)
    step(encoder, inputs)
    save_file({n: v.contiguous() for n, v in encoder.state_dict().items()}, tmp_path / "w")
    other.load_state_dict(load_file(tmp_path / "w"))
    assert torch.equal(other.eval()(inputs).features, encoder.eval()(inputs).features)


def test_another_encoder_begins_where_one_ended(case):
    """From LoRA into a plain encoder, and from that into LoRA again."""
    encoder, inputs = case
    plain, again = copy.deepcopy(encoder), copy.deepcopy(encoder)
    add_lora(encoder, rank=2, alpha=2.0)
    step(encoder, inputs)
    load_plain(plain, plain_weights(encoder))
    add_lora(again, rank=1, alpha=1.0)
    load_plain(again, plain_weights(plain))
    expected = encoder.eval()(inputs).features
    for other in (plain, again):
        torch.testing.assert_close(other.eval()(inputs).features, expected)


def test_weights_that_do_not_fit_are_named():
    encoder = VectorEncoder(in_features=6, dim=16)
    weights = plain_weights(VectorEncoder(in_features=7, dim=16))
    with pytest.raises(ConfigError, match=r"1 weights do not fit .*: layers\.0\.weight; it must"):
        load_plain(encoder, weights)


def test_a_rank_that_saves_nothing_is_refused():
    with pytest.raises(ConfigError, match="no matrix of VectorEncoder is larger than rank 100"):
        add_lora(VectorEncoder(in_features=6, dim=16), rank=100, alpha=1.0)


def test_nothing_moves_when_frozen_but_the_input_has_a_gradient(case):
    encoder, inputs = case
    freeze(encoder)
    assert not [p for p in encoder.parameters() if p.requires_grad]
    assert not encoder(inputs).features.requires_grad
    check_encoder(encoder, inputs)


def test_stages_hold_every_parameter_once(case):
    encoder, _ = case
    held = [p for stage in stages(encoder) for p in stage]
    assert sorted(map(id, held)) == sorted(map(id, encoder.parameters()))
    assert all(any(p.ndim > 1 for p in stage) for stage in stages(encoder)[1:])


def test_stages_learn_from_the_output_side(case):
    encoder, inputs = case
    parts = stages(encoder)
    names = {id(p): n for n, p in encoder.named_parameters()}
    for count in range(1, len(parts) + 1):
        unfreeze(parts, count=count)
        moved = step(encoder, inputs)
        frozen = {names[id(p)] for stage in parts[: len(parts) - count] for p in stage}
        assert not moved & frozen
        assert moved
    unfreeze(parts, count=0)
    assert not [p for p in encoder.parameters() if p.requires_grad]
    unfreeze(parts, count=99)
    assert all(p.requires_grad for p in encoder.parameters())
