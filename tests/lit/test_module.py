"""Penalties in training: logged by name, weighed by name, and nothing where the weight is 0."""

import csv

import pytest
import torch

from fusion.lit.trainer import read_checkpoint


def test_a_penalty_without_weight_is_none_bit_for_bit(module, train, tmp_path):
    plain, null = module(weight=None), module(weight=0.0)
    train(tmp_path / "plain", plain)
    train(tmp_path / "null", null)
    for name, value in plain.model.state_dict().items():
        assert torch.equal(value, null.model.state_dict()[name]), name
    penalised = module(weight=0.5)
    train(tmp_path / "penalised", penalised)
    assert any(
        not torch.equal(value, penalised.model.state_dict()[name])
        for name, value in plain.model.state_dict().items()
    )


def test_a_factor_by_name_weighs_the_penalty(module, train, tmp_path):
    """Half of a weight of 1 is a weight of a half, bit for bit."""
    half, factor = module(weight=0.5), module(weight=1.0, penalty={"adversarial": 0.5})
    train(tmp_path / "half", half)
    train(tmp_path / "factor", factor)
    for name, value in half.model.state_dict().items():
        assert torch.equal(value, factor.model.state_dict()[name]), name


def test_penalties_are_logged_by_name(module, train, tmp_path):
    train(tmp_path, module())
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    assert all(float(row["penalty/adversarial"]) > 0 for row in rows)


def test_the_classifier_is_in_the_checkpoint_and_not_in_the_model(module, train, tmp_path):
    lit = module()
    best = train(tmp_path, lit)
    state = read_checkpoint(best)["state_dict"]
    assert any(name.startswith("invariance.classifiers.rna") for name in state)
    assert not [name for name in lit.model.state_dict() if "classifier" in name]


def test_strength_follows_epoch_and_batch(module, train, tmp_path):
    lit, seen = module(), []
    lit.invariance.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[2]))
    train(tmp_path, lit)
    # 4 epochs of 6 batches
    assert seen == pytest.approx([i / 24 for i in range(24)])
