"""The bank: with weights held still, batches add up to the loss of all patients."""

import pytest
import torch

from fusion.losses.cox import cox_loss
from fusion.tasks.cox import Cox

N = 60


def labels(seed=0, n=N):
    generator = torch.Generator().manual_seed(seed)
    time = torch.randint(1, 15, (n,), generator=generator).float()  # many ties
    event = (torch.rand(n, generator=generator) < 0.5).float()
    return torch.stack([time, event], dim=1)


def banked(targets, ties="breslow"):
    task = Cox(horizons_days=[1.0], ties=ties, risk_sets="bank")
    task.prepare(targets)
    return task


def numbered(targets, rows):
    return torch.cat([targets[rows], rows[:, None].float()], dim=1)


def batches(seed, size=7):
    return torch.randperm(N, generator=torch.Generator().manual_seed(seed)).split(size)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_an_epoch_with_still_weights_is_the_loss_of_all(ties):
    targets, x = labels(), torch.randn(N, 3)
    weight = torch.randn(3, requires_grad=True)
    full = cox_loss(x @ weight, targets[:, 0], targets[:, 1].bool(), ties=ties)
    (expected,) = torch.autograd.grad(full, weight)
    task = banked(targets, ties)
    for rows in batches(1):  # the first epoch meets everybody
        task.loss((x[rows] @ weight).detach()[:, None], numbered(targets, rows))
    values, gradient = [], torch.zeros(3)
    for rows in batches(2):
        loss = task.loss((x[rows] @ weight)[:, None], numbered(targets, rows))
        values.append(loss.item())
        gradient += torch.autograd.grad(loss, weight)[0] * len(rows) / N
    assert values == pytest.approx([full.item()] * len(values), abs=1e-6)
    assert torch.allclose(gradient, expected, atol=1e-6)


def test_the_batch_alone_would_give_another_gradient():
    targets, x = labels(), torch.randn(N, 3)
    weight = torch.randn(3, requires_grad=True)
    full = cox_loss(x @ weight, targets[:, 0], targets[:, 1].bool())
    (expected,) = torch.autograd.grad(full, weight)
    plain, gradient = Cox(horizons_days=[3.0], ties="breslow", risk_sets="batch"), torch.zeros(3)
    for rows in batches(2):
        loss = plain.loss((x[rows] @ weight)[:, None], targets[rows])
        gradient += torch.autograd.grad(loss, weight)[0] * len(rows) / N
    assert not torch.allclose(gradient, expected, atol=1e-2)


def test_who_was_not_met_is_not_at_risk():
    targets, outputs = labels(), torch.randn(N, 1)
    rows = torch.arange(10)
    found = banked(targets).loss(outputs[rows], numbered(targets, rows))
    expected = cox_loss(outputs[:10, 0], targets[:10, 0], targets[:10, 1].bool())
    assert found.item() == pytest.approx(expected.item(), abs=1e-7)


def test_the_batch_is_fresh_and_the_others_are_as_last_seen():
    targets, before, after = labels(), torch.randn(N, 1), torch.randn(N, 1)
    task, rows = banked(targets), torch.arange(12)
    task.loss(before, numbered(targets, torch.arange(N)))
    found = task.loss(after[rows], numbered(targets, rows))
    mixed = torch.cat([after[:12], before[12:]])[:, 0]
    expected = cox_loss(mixed, targets[:, 0], targets[:, 1].bool())
    assert found.item() == pytest.approx(expected.item(), abs=1e-6)


def test_a_batch_without_an_event_teaches():
    targets = torch.tensor([[1.0, 1.0], [2.0, 0.0]])
    task = banked(torch.cat([targets, torch.tensor([[3.0, 1.0]])]))
    task.loss(torch.zeros(1, 1), torch.tensor([[1.0, 1.0, 0.0]]))
    outputs = torch.zeros(1, 1, requires_grad=True)
    task.loss(outputs, torch.tensor([[2.0, 0.0, 1.0]])).backward()
    assert outputs.grad.item() == pytest.approx(1.0)  # half of the risk set, times 2 of 1


def test_before_any_event_there_is_no_loss():
    task = banked(torch.tensor([[1.0, 0.0], [2.0, 1.0]]))
    outputs = torch.zeros(1, 1, requires_grad=True)
    loss = task.loss(outputs, torch.tensor([[1.0, 0.0, 0.0]]))
    loss.backward()
    assert loss.item() == outputs.grad.item() == 0.0


def test_validation_neither_sees_nor_changes_the_bank():
    targets, outputs = labels(), torch.randn(N, 1)
    task = banked(targets)
    task.loss(outputs, numbered(targets, torch.arange(N)))
    kept = task.bank.log_hazard.clone()
    other = labels(3, 20)
    found = task.loss(outputs[:20] + 1, other)
    expected = cox_loss(outputs[:20, 0], other[:, 0], other[:, 1].bool())
    assert found.item() == pytest.approx(expected.item(), abs=1e-6)
    assert torch.equal(task.bank.log_hazard, kept)


def test_a_checkpoint_holds_the_bank_and_the_weights_do_not():
    targets, outputs = labels(), torch.randn(N, 1)
    task, resumed = banked(targets), banked(targets)
    task.loss(outputs[:30], numbered(targets, torch.arange(30)))
    resumed.load_state_dict(task.state_dict())
    rows = torch.arange(25, 60)
    later = [t.loss(outputs[rows], numbered(targets, rows)).item() for t in (task, resumed)]
    assert later[0] == later[1]
    task.finish(outputs, numbered(targets, torch.arange(N)))
    assert task.bank.log_hazard.numel() == task.bank.labels.numel() == 0
    fresh = Cox(horizons_days=[1.0], ties="breslow", risk_sets="bank")
    assert {k: v.shape for k, v in fresh.state_dict().items()} == {
        k: v.shape for k, v in task.state_dict().items()
    }
