"""Scores of voxels: the box that decides comes first, what is absent has none, sums hold."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fusion.encoders.map_networks import map_network
from fusion.encoders.tumour import TumourEncoder
from fusion.encoders.vector import VectorEncoder
from fusion.errors import ConfigError
from fusion.explain.faithful import direction
from fusion.explain.volume_cam import grad_cam
from fusion.explain.volume_gradients import volume_integrated_gradients
from fusion.explain.volume_methods import VOLUME_METHODS, volume_scores
from fusion.explain.volume_occlusion import occlusion
from fusion.types import Volumes
from tests.explain.volume_example import (
    BOX,
    CHANNELS,
    SIDE,
    box_encoder,
    lit,
    network_encoder,
    volume_question,
    volumes,
)

METHOD = "integrated_gradients"
ONE_ABSENT = (True, False, True)


def towards(encoder, shown):
    """A question whose answer is one that the volume raises."""
    found = [volume_question(encoder, shown, column=name) for name in "abc"]
    return next(each for each in found if direction(each) > 0)


def tumour_encoder():
    network = map_network("segresnet", channels=CHANNELS, width=8, layers=(1, 1))
    return TumourEncoder(network=network, channels=CHANNELS, regions=1, dim=4, supervised=1)


@pytest.mark.parametrize("method", VOLUME_METHODS)
def test_the_box_that_decides_comes_first(method):
    asked = towards(box_encoder(), lit())
    found = volume_scores(asked, method).telling(1.0)
    inside = np.zeros(found.shape, dtype=bool)
    inside[BOX] = True
    # interpolation spreads half a cell of a map, and half a box reaches over the border
    assert inside.ravel()[found.argmax()]
    brain = asked.brain
    assert found[inside & brain].mean() > 5 * np.abs(found[~inside & brain]).mean()
    if method == "integrated_gradients":
        assert not found[~inside].any(), "nothing passes outside the box"


@pytest.mark.parametrize("method", VOLUME_METHODS)
def test_a_constant_model_gives_zeros(method):
    found = volume_scores(volume_question(box_encoder(scale=0.0), lit()), method)
    # a batch sums in another order than one volume: rounding of numbers about 1
    np.testing.assert_allclose(found.values, 0, atol=1e-12)


CHEAP = {
    "grad_cam": grad_cam,
    "occlusion": lambda asked: occlusion(asked, stride=(8, 4, 8)),
    "integrated_gradients": lambda asked: volume_integrated_gradients(asked, steps=3),
}


@pytest.mark.parametrize("method", CHEAP)
@pytest.mark.parametrize("encoder", [network_encoder, tumour_encoder])
def test_what_stands_in_an_absent_channel_has_no_score(method, encoder):
    torch.manual_seed(0)
    made = encoder()
    shown = volumes(ONE_ABSENT)
    found = CHEAP[method](volume_question(made, shown))
    other = shown.image.clone()
    other[:, 1] = torch.nan
    again = CHEAP[method](volume_question(made, Volumes(other, shown.channels)))
    torch.testing.assert_close(found, again, atol=0, rtol=0)
    assert found.any()
    if method == "integrated_gradients":
        assert not found[1].any()
        assert found[0].any()
        assert found[2].any()


def test_an_absent_channel_adds_nothing():
    found = volume_scores(volume_question(box_encoder(), volumes(ONE_ABSENT)), METHOD)
    assert found.by_channel[1] == 0
    assert found.by_channel[[0, 2]].all()
    np.testing.assert_allclose(found.by_channel.sum(), found.values.sum())


@pytest.mark.slow
def test_integrated_gradients_sum_to_what_the_volume_changes():
    """Behind group norms all changes near zero, where bent steps are close and even ones are not.

    The way has a kink at every ReLU, and midpoints between kinks are as wrong as the slope jumps
    there: 256 of them came within 1e-4 of the effect's own size, and 1 % leaves room for weights
    drawn by another version of torch.
    """
    torch.manual_seed(0)
    asked = volume_question(network_encoder("segresnet"))
    effect = asked.whole() - asked.nothing()
    bent, even = (
        float(volume_integrated_gradients(asked, steps=256, power=p).sum()) for p in (6.0, 1.0)
    )
    assert bent == pytest.approx(effect, rel=0.01)
    assert abs(even - effect) > 0.3 * abs(effect)


def test_integrated_gradients_of_a_straight_network_need_few_steps():
    asked = volume_question(box_encoder(), lit(0.01))
    effect = asked.whole() - asked.nothing()
    # all but straight over so short a way: the head's norm bends it by less than a hundredth
    assert float(volume_integrated_gradients(asked, steps=64).sum()) == pytest.approx(
        effect, rel=0.02
    )


def test_occlusion_is_the_mean_over_all_boxes():
    torch.manual_seed(0)
    asked = volume_question(network_encoder(), volumes(ONE_ABSENT))
    stride = 5
    starts = [0, 5, SIDE - 2 * stride]
    total, count = torch.zeros(SIDE, SIDE, SIDE).double(), torch.zeros(SIDE, SIDE, SIDE)
    for x in starts:
        for y in starts:
            for z in starts:
                box = tuple(slice(n, n + 2 * stride) for n in (x, y, z))
                hidden = asked.image.clone()
                hidden[:, *box] = 0
                total[box] += asked.whole() - float(asked.said(hidden[None])[0])
                count[box] += 1
    # in double precision; batches sum in another order
    torch.testing.assert_close(
        occlusion(asked, stride=(stride,) * 3), total / count, atol=1e-9, rtol=0
    )


def test_grad_cam_is_the_weighted_map():
    """Of a mean over cells the slope is the same in each: the map times one number, above zero."""
    asked = towards(box_encoder(), lit())
    encoder = asked.model.encoders["mri"]
    with torch.no_grad():
        cells = encoder.backbone(asked.image[None])[0, 0]
    found = grad_cam(asked)
    middle = found[5:7, 9:11, 1:3].mean()  # linear between the centres of cells: at 5.5, 9.5, 1.5
    assert float(cells.count_nonzero()) == 1
    assert found.min() == 0
    assert found.max() <= middle * 2
    against = next(
        each
        for name in "abc"
        if direction(each := volume_question(encoder, lit(), column=name)) < 0
    )
    assert not grad_cam(against).any(), "features that speak against are cut off"


def test_grad_cam_needs_no_weight_that_learns():
    torch.manual_seed(0)
    encoder = network_encoder()
    free = grad_cam(volume_question(encoder))
    encoder.requires_grad_(False)
    torch.testing.assert_close(grad_cam(volume_question(encoder)), free)
    assert free.any()


def test_what_does_not_fit_is_refused():
    asked = volume_question(box_encoder())
    with pytest.raises(ConfigError, match="no method 'lime' for volumes; there are integrated"):
        volume_scores(asked, "lime")
    asked.model.encoders["mri"] = VectorEncoder(in_features=3, dim=4)
    with pytest.raises(ConfigError, match=r"VectorEncoder, has no last map.*take method=occlusion"):
        grad_cam(asked)


def test_scores_without_a_sign_keep_their_direction():
    found = volume_scores(volume_question(box_encoder(), lit()), "grad_cam")
    np.testing.assert_array_equal(found.telling(-1.0), found.values)
    signed = replace(found, signed=True)
    np.testing.assert_array_equal(signed.telling(-1.0), -found.values)
