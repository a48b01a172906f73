"""Classes: weights, probabilities, and what training labels must have."""

import pytest
import torch

from fusion.errors import ConfigError, TrainingError
from fusion.tasks.classification import Classification


def labels(*index):
    return torch.tensor(index, dtype=torch.float32).unsqueeze(1)


@pytest.mark.parametrize("classes", [["a", "b"], ["a", "b", "c", "d"]])
def test_probabilities_are_named_in_order_and_add_up(classes):
    task = Classification(classes=classes, balanced=False)
    outputs = torch.randn(5, task.out_features) * 100
    prediction = task.predict(outputs)
    assert list(prediction) == classes
    assert torch.allclose(torch.stack(list(prediction.values())).sum(dim=0), torch.ones(5))
    assert prediction["b"][0] == outputs.softmax(dim=1)[0, 1]


def test_balanced_classes_weigh_the_same_in_training():
    task = Classification(classes=["a", "b", "c"], balanced=True)
    targets = labels(0, 0, 0, 0, 1, 1, 2, 2, 2, 2)
    task.prepare(targets)
    count = torch.tensor([4.0, 2.0, 4.0])
    assert torch.allclose(task.class_weights * count, torch.full((3,), 10 / 3))
    # so the loss of outputs that say nothing is what it is without weights
    assert torch.allclose(task.loss(torch.zeros(10, 3), targets), torch.tensor(3.0).log())


def test_not_balanced_leaves_the_weights_alone():
    task = Classification(classes=["a", "b"], balanced=False)
    task.prepare(labels(0, 0, 0, 1))
    assert task.class_weights.tolist() == [1.0, 1.0]


def test_weights_travel_with_the_state():
    task = Classification(classes=["a", "b"], balanced=True)
    task.prepare(labels(0, 0, 0, 1))
    other = Classification(classes=["a", "b"], balanced=True)
    other.load_state_dict(task.state_dict())
    assert torch.equal(other.class_weights, task.class_weights)


def test_one_class_in_training_is_refused():
    task = Classification(classes=["wildtype", "mutant"], balanced=False)
    with pytest.raises(TrainingError, match=r"no training patient has class mutant \(found"):
        task.prepare(labels(0, 0, 0))


def test_absent_classes_are_named():
    task = Classification(classes=["a", "b", "c", "d"], balanced=True)
    with pytest.raises(TrainingError, match=r"class a, d \(found \{'b': 2, 'c': 1\}\)"):
        task.prepare(labels(1, 1, 2))


@pytest.mark.parametrize("bad", [0.5, -1.0, 2.0, float("nan")])
def test_labels_that_are_no_class_are_refused(bad):
    task = Classification(classes=["a", "b"], balanced=False)
    with pytest.raises(TrainingError, match="expected whole numbers from 0 to 1"):
        task.prepare(labels(0, 1, bad))


def test_no_label_in_the_batch_gives_zero_with_a_gradient():
    task = Classification(classes=["a", "b"], balanced=False)
    outputs = torch.zeros(0, 2, requires_grad=True)
    loss = task.loss(outputs, torch.zeros(0, 1))
    loss.backward()
    assert loss.item() == 0.0


@pytest.mark.parametrize("classes", [[], ["a"], ["a", "b", "a"]])
def test_classes_must_be_two_or_more_and_differ(classes):
    with pytest.raises(ConfigError, match="expected two or more different names"):
        Classification(classes=classes, balanced=False)
