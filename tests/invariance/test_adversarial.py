"""The classifiers learn to tell the centre, the tokens the opposite, as training goes on."""

import pytest
import torch

from fusion.invariance.adversarial import Adversarial, strength
from fusion.losses.cross_entropy import cross_entropy
from fusion.types import Tokens

CENTERS = ["A", "B", "C", "A", "B"]


def adversary(**more):
    given = {"dims": {"rna": 4}, "centers": CENTERS, "weight": 1.0, "hidden": 6, "seed": 0}
    return Adversarial(**given | more)


def gradients(penalty, progress):
    """Of the tokens, and of the classifier's weights."""
    x = torch.randn(5, 1, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    penalty.zero_grad()
    value = penalty({"rna": Tokens(x, torch.ones(5, 1).bool())}, CENTERS, progress)["adversarial"]
    value.backward()
    return value.item(), x.grad, [p.grad.clone() for p in penalty.parameters()]


def test_tokens_get_the_reversed_gradient_and_the_classifier_the_plain_one():
    penalty = adversary()
    x = torch.randn(5, 1, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    logits = penalty.classifiers["rna"](x[:, 0])
    plain = cross_entropy(logits, torch.tensor([0, 1, 2, 0, 1]), torch.ones(3))
    plain.backward()
    weights = [p.grad.clone() for p in penalty.parameters()]
    for progress in (0.0, 0.2, 1.0):
        value, tokens, classifier = gradients(penalty, progress)
        assert value == pytest.approx(plain.item())
        torch.testing.assert_close(tokens, -strength(progress) * x.grad)
        for found, want in zip(classifier, weights, strict=True):
            torch.testing.assert_close(found, want)


def test_its_first_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    one = adversary().state_dict()
    torch.manual_seed(2)
    two = adversary().state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = adversary(seed=1).state_dict()
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_shrinking_the_tokens_does_not_help():
    penalty = adversary()
    x = torch.randn(5, 1, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    mask = torch.ones(5, 1).bool()
    value, small = (
        penalty({"rna": Tokens(scale * x, mask)}, CENTERS, 1.0)["adversarial"].item()
        for scale in (1.0, 0.1)
    )
    assert small == pytest.approx(value, abs=1e-3)  # the norm's epsilon
