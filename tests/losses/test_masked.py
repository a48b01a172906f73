"""The loss of hidden voxels against a brute-force sum, and that no other voxel matters."""

import torch

from fusion.losses.masked import masked_error, unexplained


def example():
    torch.manual_seed(0)
    found, image = torch.randn(2, 3, 4, 3, 2), torch.randn(2, 3, 4, 3, 2)
    hidden = torch.rand(2, 4, 3, 2) < 0.4
    channels = torch.tensor([[True, False, True], [True, True, True]])
    return found, image, hidden, channels


def brute(found, image, hidden, channels):
    return [
        (c, found[b, c, x, y, z].item(), image[b, c, x, y, z].item())
        for b, x, y, z in hidden.nonzero().tolist()
        for c in range(3)
        if channels[b, c]
    ]


def test_it_is_the_mean_over_hidden_voxels_of_present_channels():
    rows = brute(*example())
    expected = sum((f - t) ** 2 for _, f, t in rows) / len(rows)
    assert abs(masked_error(*example()).item() - expected) < 1e-5  # float32 sums


def test_visible_voxels_and_absent_channels_never_matter():
    found, image, hidden, channels = example()
    counts = hidden[:, None] & channels[:, :, None, None, None]
    junk = torch.where(counts, found, torch.nan).requires_grad_()
    loss = masked_error(junk, image, hidden, channels)
    assert torch.equal(loss, masked_error(found, image, hidden, channels))
    loss.backward()
    assert torch.equal(junk.grad != 0, counts)


def test_nothing_hidden_is_no_loss():
    found, image, hidden, channels = example()
    found.requires_grad_()
    loss = masked_error(found, image, hidden & False, channels)
    loss.backward()
    assert loss == 0
    assert not found.grad.any()


def test_the_share_is_of_what_each_channels_mean_leaves():
    rows = brute(*example())
    mean = {c: sum(t for k, _, t in rows if k == c) / sum(k == c for k, _, _ in rows)
            for c in range(3)}  # fmt: skip
    left = sum((f - t) ** 2 for _, f, t in rows)
    spread = sum((t - mean[c]) ** 2 for c, _, t in rows)
    assert abs(unexplained(*example()).item() - left / spread) < 1e-5  # float32 sums
