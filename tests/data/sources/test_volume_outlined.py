"""Outlines beside the image: what they hold, what is refused, and parts of both for training."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch

from fusion.data.cohort import Entry
from fusion.data.label_scheme import label_scheme, region_bits
from fusion.data.sample import stack
from fusion.data.sources.volume import VolumeSource
from fusion.errors import ConfigError, ReadError
from fusion.types import Center, Modality, PatientId

P = PatientId("P-1")
REGIONS = ("WT", "TC", "ET")
SHAPE = (20, 18, 16)
TUMOUR = (slice(4, 8), slice(10, 13), slice(6, 12))


def source(cache: Path, **options) -> VolumeSource:
    values = {
        "sequences": ["T1", "FLAIR"],
        "spacing_mm": None,
        "shape": [16, 16, 16],
        "normalise": "brain_zscore",
        "crop": "center",
        "cache": cache,
        "regions": REGIONS,
    }
    return VolumeSource(**{**values, **options})


def entry(path: Path, sequence: str, line: int, scheme=None, patient=P) -> Entry:
    return Entry(
        patient, Center("A"), Modality("mri"), path, line, sequence=sequence, label_scheme=scheme
    )


def save(path: Path, voxels) -> Path:
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)
    return path


def drawn_mask():
    mask = np.zeros(SHAPE, np.uint8)
    mask[TUMOUR] = np.random.default_rng(0).choice([1, 2, 4], mask[TUMOUR].shape)
    return mask


@pytest.fixture
def rows(tmp_path):
    """The image tells each voxel's place, so that a part says where it was taken."""
    places = np.arange(1, 1 + np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)
    return (
        entry(save(tmp_path / "t1.nii.gz", places), "T1", 2),
        entry(save(tmp_path / "mask.nii.gz", drawn_mask()), "mask", 3, "brats_2022"),
    )


def test_outlines_are_the_regions_of_the_mask(tmp_path, rows):
    mri = source(tmp_path / "cache")
    volumes = mri.load(P, rows)
    mask = mri.arrays(P, rows)["mask"]
    assert set(np.unique(mask)) == {0, 1, 2, 4}
    expected = region_bits(mask, label_scheme("brats_2022"), REGIONS)
    np.testing.assert_array_equal(volumes.regions[0].numpy(), expected)
    assert volumes.known.tolist() == [[True, True, True]]


def test_without_a_mask_nothing_is_known(tmp_path, rows):
    volumes = source(tmp_path / "cache").load(P, rows[:1])
    assert volumes.regions.shape == (1, 16, 16, 16)
    assert not volumes.regions.any()
    assert volumes.known.tolist() == [[False, False, False]]


def test_without_regions_a_mask_needs_no_scheme_and_is_not_given(tmp_path, rows):
    bare = (rows[0], entry(rows[1].path, "mask", 3))
    mri = source(tmp_path / "cache", regions=())
    assert mri.prepare({P: bare}) == []
    volumes = mri.load(P, bare)
    assert volumes.regions is None
    assert volumes.known is None


def test_a_scheme_that_tells_less_leaves_the_rest_unknown(tmp_path, rows):
    whole = save(tmp_path / "whole.nii.gz", (drawn_mask() > 0).astype(np.uint8))
    volumes = source(tmp_path / "cache").load(P, (rows[0], entry(whole, "mask", 3, "whole_tumour")))
    assert volumes.known.tolist() == [[True, False, False]]
    assert set(volumes.regions.unique().tolist()) == {0, 1}


def test_patients_with_and_without_masks_make_a_batch(tmp_path, rows):
    mri = source(tmp_path / "cache")
    with_mask, without = mri.load(P, rows), mri.load(P, rows[:1])
    both = stack([with_mask, without])
    assert both.known.tolist() == [[True] * 3, [False] * 3]
    assert torch.equal(both.regions, torch.cat([with_mask.regions, without.regions]))
    assert torch.equal(both.image, torch.cat([with_mask.image, without.image]))


def test_another_scheme_is_another_outline_and_is_checked_anew(tmp_path, rows):
    """Labels 1, 2 and 4 are of two schemes; an entry that was checked for one will not do."""
    mri = source(tmp_path / "cache")
    before = mri.load(P, rows).regions
    other = (rows[0], entry(rows[1].path, "mask", 3, "brats_ped"))
    assert not torch.equal(mri.load(P, other).regions, before)
    wrong = (rows[0], entry(rows[1].path, "mask", 3, "brats_2023"))
    with pytest.raises(ReadError, match="which brats_2023 does not have"):
        mri.load(P, wrong)


def test_a_mask_without_a_scheme_is_refused(tmp_path, rows):
    bare = (rows[0], entry(rows[1].path, "mask", 7))
    mri = source(tmp_path / "cache")
    (fault,) = mri.prepare({P: bare})
    assert (fault.file, fault.line, fault.patient) == ("manifest.csv", 7, P)
    assert "the mask has no label_scheme, and a 4 is enhancing tumour in one" in fault.message
    assert "give one of brats_2022, brats_2023" in fault.message
    with pytest.raises(ReadError, match=r"patient P-1: manifest.csv, line 7: the mask has no"):
        mri.load(P, bare)


def test_labels_that_the_scheme_does_not_have_are_refused(tmp_path, rows):
    fours = int((drawn_mask() == 4).sum())
    wrong = (rows[0], entry(rows[1].path, "mask", 7, "brats_2023"))
    mri = source(tmp_path / "cache")
    (fault,) = mri.prepare({P: wrong})
    assert (fault.file, fault.line, fault.patient) == ("manifest.csv", 7, P)
    assert (
        f"mask.nii.gz: holds the labels 4 ({fours} voxels), which brats_2023 does not have "
        "(1 NETC, 2 SNFH, 3 ET); name the scheme that the mask was drawn in, or correct the mask"
    ) in fault.message


def part(mri, rows, seed):
    return mri.draw(P, rows, np.random.default_rng(seed))


def test_a_part_is_the_same_part_of_image_and_outline(tmp_path, rows):
    mri = source(tmp_path / "cache", patch=[6, 8, 4], foreground=0.5)
    whole = mri.load(P, rows)
    windows = whole.image[0, 0].half().unfold(0, 6, 1).unfold(1, 8, 1).unfold(2, 4, 1)
    for seed in range(20):
        found = part(mri, rows, seed)
        assert found.image.shape == (1, 2, 6, 8, 4)
        same = (windows == found.image[0, 0].half()).flatten(3).all(dim=3)
        starts = same.nonzero().tolist()
        assert any(
            torch.equal(whole.regions[0, x : x + 6, y : y + 8, z : z + 4], found.regions[0])
            for x, y, z in starts
        ), "image and outline are of one place"
        assert found.known.tolist() == [[True] * 3]


def test_foreground_one_always_holds_tumour(tmp_path, rows):
    mri = source(tmp_path / "cache", patch=[4, 4, 4], foreground=1.0)
    assert all(part(mri, rows, seed).regions.any() for seed in range(50))
    never = source(tmp_path / "cache", patch=[4, 4, 4], foreground=0.0)
    assert not all(part(never, rows, seed).regions.any() for seed in range(50))


def test_a_part_depends_on_the_generator_alone(tmp_path, rows):
    one, two = (source(tmp_path / c, patch=[6, 8, 4], foreground=0.5) for c in ("a", "b"))
    places = set()
    for seed in range(10):
        first, second = part(one, rows, seed), part(two, rows, seed)
        assert torch.equal(first.image, second.image)
        assert torch.equal(first.regions, second.regions)
        places.add(first.image[0, 0, 0, 0, 0].item())
    assert len(places) > 1


def test_without_a_patch_the_whole_is_drawn(tmp_path, rows):
    mri = source(tmp_path / "cache")
    assert torch.equal(part(mri, rows, 0).image, mri.load(P, rows).image)


def test_a_part_on_the_disk_is_not_changed_by_what_is_done_to_it(tmp_path, rows):
    """The cache may be mapped: writing into a batch must not reach it."""
    mri = source(tmp_path / "cache", patch=[6, 8, 4])
    mri.prepare({P: rows})
    before, drawn = mri.load(P, rows), part(mri, rows, 0)
    image, regions = before.image.clone(), before.regions.clone()
    batch = stack([drawn, part(mri, rows, 1)])
    assert batch.image.dtype == torch.float32
    batch.image.fill_(7.0)
    batch.regions.fill_(7)
    assert torch.equal(mri.load(P, rows).image, image)
    assert torch.equal(mri.load(P, rows).regions, regions)
    assert torch.equal(part(mri, rows, 0).image, drawn.image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch": [17, 8, 8]}, r"patch \[17, 8, 8\] is larger than the shape \[16, 16, 16\]"),
        ({"regions": ["WT", "tumour"]}, "name each once, up to 8, out of WT"),
    ],
)
def test_options_that_do_not_fit(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        source(tmp_path, **options)
