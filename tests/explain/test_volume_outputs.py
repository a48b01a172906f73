"""Cells, planted voxels and pictures of volumes."""

import io

import nibabel as nib
import numpy as np
import pytest
import torch
from PIL import Image

from fusion.data.readers.volume import read_volume
from fusion.errors import ReadError, UndefinedMetric
from fusion.explain.faithful import curves, direction
from fusion.explain.volume_cells import Cells
from fusion.explain.volume_methods import volume_scores
from fusion.explain.volume_picture import ScoredVolume, volume_picture
from fusion.explain.volume_planted import read_planted, voxel_auc
from tests.explain.volume_example import BOX, box_encoder, lit, volume_question


@pytest.fixture
def cells():
    return Cells(volume_question(box_encoder(), lit()))


def test_all_cells_are_the_volume_and_none_is_nothing(cells):
    every = torch.arange(cells.count)
    assert cells.of(every) == cells.whole()
    assert cells.of(every[:0]) == cells.nothing()
    assert set(cells.number[cells.question.brain]) == set(range(cells.count))
    assert (cells.number[~cells.question.brain] == -1).all()


def test_cells_of_the_box_alone_say_all(cells):
    inside = torch.from_numpy(np.unique(cells.number[BOX]))
    inside = inside[inside >= 0]
    assert cells.of(inside) == pytest.approx(cells.whole(), abs=1e-9)
    assert len(inside) < cells.count / 10


def test_ranking_is_the_mean_over_brain(cells):
    telling = np.random.default_rng(0).standard_normal(cells.number.shape)
    expected = [telling[cells.number == i].mean() for i in range(cells.count)]
    np.testing.assert_allclose(cells.ranking(telling), expected)


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_a_ranking_that_holds_beats_blind_cubes(cells, method):
    question = cells.question
    telling = volume_scores(question, method).telling(direction(question))
    found = curves(cells, cells.ranking(telling), draws=10, seed=0)
    effect = abs(question.whole() - question.nothing())
    assert found.gain > 0.1 * effect
    assert found.loss > 0.1 * effect
    other = curves(cells, -cells.ranking(telling), draws=10, seed=0)
    assert other.gain < 0


@pytest.fixture
def like(tmp_path):
    values = np.random.default_rng(0).random((6, 5, 4)).astype(np.float32)
    affine = np.diag([-2.0, 2.0, 3.0, 1.0])
    nib.save(nib.Nifti1Image(values, affine), tmp_path / "flair.nii.gz")
    return read_volume(tmp_path / "flair.nii.gz", "p1")


def planted_file(folder, affine, shape=(6, 5, 4)):
    labels = np.zeros(shape, dtype=np.uint8)
    labels[1, 2, 3], labels[4, 4, 0] = 3, 1
    folder.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(labels, affine), folder / "p1.nii.gz")
    return labels


def test_planted_voxels_are_all_labels(tmp_path, like):
    labels = planted_file(tmp_path / "truth", like.affine)
    found = read_planted(tmp_path / "truth", "p1", like)
    np.testing.assert_array_equal(found, labels > 0)


def test_a_truth_that_does_not_fit_is_refused(tmp_path, like):
    with pytest.raises(ReadError, match=r"p2.*p2\.nii\.gz.*not there; expected a file of planted"):
        read_planted(tmp_path, "p2", like)
    moved = like.affine.copy()
    moved[0, 3] = 1.0
    planted_file(tmp_path, moved)
    with pytest.raises(ReadError, match=r"p1.*lies on another grid .* than flair\.nii\.gz"):
        read_planted(tmp_path, "p1", like)
    planted_file(tmp_path, like.affine, (6, 5, 5))
    with pytest.raises(ReadError, match=r"\(6, 5, 5\) voxels"):
        read_planted(tmp_path, "p1", like)


def test_voxels_that_are_not_asked_do_not_count():
    telling = np.arange(8.0).reshape(2, 2, 2)
    planted = telling == 5
    assert voxel_auc(telling, planted, telling <= 5) == 1.0
    assert voxel_auc(telling, planted, telling >= 5) == 0.0
    assert voxel_auc(np.zeros((2, 2, 2)), planted, telling >= 0) == 0.5
    with pytest.raises(UndefinedMetric):
        voxel_auc(telling, planted, telling < 5)


def picture(like, at, **other):
    scores = np.zeros(like.array.shape, dtype=np.float32)
    scores[at] = 1.0
    values = {
        "patient_id": "p1",
        "answer": "kind: b",
        "method": "occlusion",
        "sequence": "FLAIR",
        "volume": like,
        "scores": scores,
        "signed": True,
        "asked": np.ones(scores.shape, dtype=bool),
        "planted": scores > 0,
    }
    return volume_picture(ScoredVolume(**{**values, **other}))


def test_a_picture_shows_the_planes_of_the_highest_score(like):
    first = picture(like, (1, 2, 3))
    assert Image.open(io.BytesIO(first)).size[0] > 1000
    assert first == picture(like, (1, 2, 3)), "same scores, same bytes"
    assert first != picture(like, (2, 2, 3))
    assert first != picture(like, (1, 2, 3), planted=None)


def test_a_volume_without_a_score_has_a_picture(like):
    empty = np.zeros(like.array.shape, dtype=np.float32)
    for signed in (True, False):
        shown = picture(like, (1, 2, 3), scores=empty, signed=signed, planted=None)
        assert shown.startswith(b"\x89PNG")
