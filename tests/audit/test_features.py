"""One patient's input becomes a vector that is finite, of one length, and says what it should."""

import numpy as np
import torch

from fusion.audit.features import summarise
from fusion.audit.look import look
from fusion.types import Bags, Volumes


def volume(image, there=(True, True)):
    return Volumes(torch.as_tensor(image, dtype=torch.float32)[None], torch.tensor([there]))


def test_a_table_is_its_vector_and_a_bag_its_moments():
    random = torch.Generator().manual_seed(0)
    tiles = torch.randn(7, 3, generator=random)
    found = summarise(Bags(tiles, torch.tensor([0, 7])))
    expected = torch.cat([tiles.mean(dim=0), tiles.std(dim=0, correction=0)])
    np.testing.assert_allclose(found, expected, atol=1e-6)  # float32
    assert summarise(tiles[:1]).tolist() == tiles[0].tolist()


def test_the_order_of_tiles_does_not_matter():
    tiles = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    one, other = (summarise(Bags(x, torch.tensor([0, 5]))) for x in (tiles, tiles.flip(0)))
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_a_volume_is_described_channel_by_channel_over_its_foreground():
    random = np.random.default_rng(0)
    image = random.normal(5, 2, (2, 6, 6, 6))
    image[:, :3] = 0
    found = summarise(volume(image)).reshape(2, -1)
    for row, channel in zip(found, image.astype(np.float32), strict=True):
        inside = channel[3:]
        quantiles = np.quantile(inside, [0.05, 0.25, 0.5, 0.75, 0.95])
        np.testing.assert_allclose(row[:6], [1, *quantiles], rtol=1e-6)
        np.testing.assert_allclose(row[6:9], [inside.mean(), inside.std(), 0.5], rtol=1e-6)
        steps = [np.abs(np.diff(inside, axis=axis)).ravel() for axis in range(3)]
        np.testing.assert_allclose(row[9], np.concatenate(steps).mean() / inside.std(), rtol=1e-5)


def test_what_stands_in_an_absent_channel_is_not_looked_at():
    image = np.random.default_rng(0).normal(size=(2, 4, 4, 4))
    spoilt = image.copy()
    spoilt[1] = np.nan
    one, other = (summarise(volume(x, (True, False))) for x in (image, spoilt))
    assert one.tolist() == other.tolist()
    assert np.isfinite(one).all()


def test_a_channel_without_contrast_is_finite():
    found = summarise(volume(np.stack([np.zeros((3, 3, 3)), np.ones((3, 3, 3))])))
    assert np.isfinite(found).all()


def test_patients_without_the_modality_are_left_out(given):
    inputs = {"a": torch.tensor([[1.0, 2.0]]), "c": torch.tensor([[3.0, 4.0]])}
    seen = []
    found = look(
        given(inputs), dict.fromkeys(inputs, ()), ["c", "b", "a"], advance=lambda: seen.append(1)
    )
    assert list(found.patients) == ["c", "a"]
    assert found.features.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert len(seen) == 2
