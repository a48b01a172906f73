"""Slides of several laboratories and hospitals brought to one."""

import copy
import json
import pickle
from functools import cache

import numpy as np
import pytest
import torch

from fusion.data.cohort import Entry
from fusion.data.harmonise import stain_target
from fusion.data.harmonise.centers import CenterEffects
from fusion.data.harmonise.macenko import Macenko
from fusion.data.harmonise.reinhard import Reinhard
from fusion.data.harmonise.stain_target import StainTarget
from fusion.data.prepare import slide_store
from fusion.data.prepare.patch_encoders.texture import Texture
from fusion.data.prepare.tiling import Tiling
from fusion.data.sources.bag import BagSource
from fusion.errors import CohortError, ConfigError
from fusion.testing.demo.centers import lab
from fusion.testing.demo.stain import matrix, palette
from fusion.types import Center, Modality, PatientId

METHODS = {
    "macenko": Macenko(white=240.0, min_density=0.15, percentile=1.0),
    "reinhard": Reinhard(white=240.0, min_density=0.15),
}


class Colours:
    """Mean and spread of the colours of a tile, and a count of the tiles that were asked for."""

    name, mpp, tile_px, dim = "colours", 1.0, 64, 6

    def __init__(self):
        self.seen = 0

    def __call__(self, tiles):
        self.seen += len(tiles)
        values = [tiles.mean(axis=(1, 2)), tiles.std(axis=(1, 2))]
        return np.concatenate(values, axis=1).astype(np.float32)

    def spec(self):
        return {"name": self.name}


@cache
def tissue(seed, side=192):
    """Amounts of eosin and haematoxylin, 255 = full: a disc of fibres with round nuclei."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side - 0.5
    inside = np.hypot(x, y) < 0.46
    eosin = np.where(inside, 90 + 30 * np.sin(40 * x + seed) + random.normal(0, 10, x.shape), 0)
    haematoxylin = np.where(inside, 20.0, 0)
    for cx, cy in random.integers(8, side - 8, (45, 2)):
        if inside[cy, cx]:
            disc = np.hypot(*np.mgrid[-6:7, -6:7]) < random.uniform(3.5, 6)
            haematoxylin[cy - 6 : cy + 7, cx - 6 : cx + 7][disc] = 190
    return np.clip(haematoxylin, 0, 255).astype(int), np.clip(eosin, 0, 255).astype(int)


def stained(seed, center):
    """The tissue of that seed as a centre of the demo would stain it."""
    haematoxylin, eosin = tissue(seed)
    thickness = float(np.exp(lab(center).stain))
    colours = palette(matrix(lab(center), shift=1.0), (thickness, thickness))
    index = 256 * haematoxylin + eosin
    return np.ascontiguousarray(colours[index].view(np.uint8).reshape(*index.shape, 4)[..., :3])


@pytest.fixture
def slide(write_slide):
    def made(who, seed, center, line=2):
        path = write_slide(f"{who}.tif", stained(seed, center), mpp=1.0)
        return (Entry(PatientId(who), Center(center), Modality("wsi"), path, line),)

    return made


@pytest.fixture
def files(slide):
    """Four patients of each of Aster and Birch; no tissue occurs twice."""
    return {
        PatientId(f"{center[0]}{i}"): slide(f"{center[0]}{i}", 10 * k + i, center, 4 * k + i + 2)
        for k, center in enumerate(("Aster", "Birch"))
        for i in range(4)
    }


@pytest.fixture
def source(tmp_path):
    def made(stain=None, unseen=None, encoder=None, cache="cache", minimum=4):
        combat = unseen and CenterEffects(unseen=unseen, minimum=minimum, covariates=None)
        return BagSource(
            encoder=encoder or Colours(),
            tiling=Tiling(tile_px=64, mpp=1.0, stride_px=64, min_tissue=0.5),
            cache=tmp_path / cache,
            stain=stain and StainTarget(method=METHODS[stain], tiles=16),
            harmonise=combat,
        )

    return made


def mean(bags, who, rows):
    return bags.load(who, rows).features.mean(dim=0)


@pytest.mark.parametrize("stain", ["macenko", "reinhard"])
def test_one_slide_in_two_stains_comes_nearer(source, slide, files, stain):
    """The demo's stains of Birch, and of Dogwood, which training never sees."""
    twins = {c: slide(f"twin-{c}", 77, c) for c in ("Birch", "Dogwood")}
    apart = {}
    for name in (None, stain):
        bags = source(name)
        bags.prepare({**files, "twin-Birch": twins["Birch"], "twin-Dogwood": twins["Dogwood"]})
        bags.fit(files)
        first, second = (mean(bags, f"twin-{c}", rows) for c, rows in twins.items())
        apart[name] = float((first - second).norm())
    assert apart[stain] < 0.4 * apart[None]


def test_features_of_texture_come_nearer_too(slide, tmp_path):
    """In units of the spread between tissues: what an encoder sees of a stain."""
    seeds, centers = range(3), ("Aster", "Dogwood")
    rows = {(seed, c): slide(f"s{seed}{c}", seed, c) for seed in seeds for c in centers}
    apart = {}
    for name in (None, "macenko"):
        bags = BagSource(
            encoder=Texture(tile_px=64, mpp=1.0),
            tiling=Tiling(tile_px=64, mpp=1.0, stride_px=64, min_tissue=0.5),
            cache=tmp_path / "texture",
            stain=name and StainTarget(method=METHODS[name], tiles=16),
        )
        bags.fit({f"s{s}{c}": r for (s, c), r in rows.items() if c == "Aster"})
        means = {k: mean(bags, "any", r) for k, r in rows.items()}
        apart[name] = np.mean(
            [float((means[s, "Aster"] - means[s, "Dogwood"]).norm()) for s in seeds]
        )
    assert apart["macenko"] < 0.6 * apart[None]


def test_prepare_looks_at_colours_and_fit_embeds(source, files, slide, monkeypatch):
    encoder = Colours()
    bags = source("macenko", encoder=encoder)
    later = {**files, "D": slide("D", 50, "Dogwood", 12)}
    assert bags.prepare(later) == []
    assert encoder.seen == 0
    bags.fit(files)
    embedded = encoder.seen
    assert embedded > 0
    for who, rows in later.items():
        assert bags.size(who, rows) > 0
        bags.load(who, rows)
    assert encoder.seen == embedded  # D's too: not in the middle of an epoch
    monkeypatch.setattr(slide_store, "stain_profile", None)  # calling it would raise
    again = source("macenko", encoder=encoder)
    assert again.prepare(later) == []
    again.fit(files)
    assert encoder.seen == embedded
    assert json.dumps(again.state()) == json.dumps(bags.state())


def test_another_target_or_table_makes_other_entries(source, files, monkeypatch):
    encoder = Colours()
    bags = source("macenko", encoder=encoder)
    bags.fit(files)
    before = encoder.seen
    bags.fit({p: files[p] for p in list(files)[:4]})
    between = encoder.seen
    assert between > before
    monkeypatch.setattr(stain_target, "SIDE", 17)
    bags.load("A0", files["A0"])
    assert encoder.seen > between


def test_a_slide_without_a_stain_is_a_fault_and_the_rest_goes_on(source, files, write_slide):
    ink = np.full((192, 192, 3), 243, dtype=np.uint8)
    ink[20:-20, 20:-20] = [200, 120, 180]
    path = write_slide("ink.tif", ink, mpp=1.0)
    odd = (Entry(PatientId("odd"), Center("Aster"), Modality("wsi"), path, 99),)
    bags = source("macenko")
    (fault,) = bags.prepare({**files, "odd": odd})
    assert (fault.file, fault.line, fault.patient) == ("manifest.csv", 99, "odd")
    assert "ink.tif: " in fault.message
    assert "look at the slide" in fault.message
    bags.fit(files)


@pytest.mark.parametrize("unseen", [None, "own"])
def test_state_and_pickle_take_the_place_of_fit(source, files, slide, unseen):
    elm = {f"E{i}": slide(f"E{i}", 60 + i, "Elm", 20 + i) for i in range(4)}
    everybody = {**files, **elm}
    bags = source("macenko", unseen)
    assert bags.prepare(everybody) == []
    bags.fit(files)
    state = json.loads(json.dumps(bags.state()))
    copied = copy.deepcopy(bags)
    copied.fit(dict(reversed(files.items())))
    assert json.dumps(copied.state()) == json.dumps(bags.state())
    encoder = Colours()
    restored = source("macenko", unseen, encoder=encoder, cache="elsewhere")
    restored.restore(state)
    assert restored.prepare(everybody) == []
    assert encoder.seen > 0  # there is a target: embedded at once
    for twin in (restored, pickle.loads(pickle.dumps(bags))):
        for who, rows in everybody.items():
            assert torch.equal(twin.load(who, rows).features, bags.load(who, rows).features)
            assert torch.equal(twin.tiles(who, rows).features, bags.load(who, rows).features)


def test_only_training_patients_reach_the_state(source, files, slide):
    states = []
    for others in ({}, {"D": slide("D", 50, "Dogwood"), "E": slide("E", 51, "Elm")}):
        bags = source("macenko", "own")
        bags.prepare({**files, **others})
        bags.fit(files)
        states.append(json.dumps(bags.state()))
    assert states[0] == states[1]


def test_centers_become_alike_by_patients_means(source, files, slide):
    dogwood = {f"D{i}": slide(f"D{i}", 30 + i, "Dogwood") for i in range(4)}

    def gap(bags, first, second):
        means = [
            torch.stack([mean(bags, p, rows) for p, rows in group.items()]).mean(dim=0)
            for group in (first, second)
        ]
        return float((means[0] - means[1]).norm())

    aster, birch = ({p: r for p, r in files.items() if p[0] == c} for c in "AB")
    found = {}
    for unseen in (None, "leave", "own"):
        bags = source(unseen=unseen)
        bags.prepare({**files, **dogwood})
        bags.fit(files)
        found[unseen] = gap(bags, aster, birch), gap(bags, files, dogwood)
    assert found["leave"][0] < 0.2 * found[None][0]
    assert found["own"][1] < 0.2 * found["leave"][1]
    # within a patient the order of tiles by any feature is kept
    plain = source()
    plain.fit(files)
    one, other = (b.load("A0", files["A0"]).features for b in (plain, bags))
    assert torch.equal(one.argsort(dim=0), other.argsort(dim=0))


def test_an_unseen_center_is_refused(source, files, slide):
    bags = source(unseen="refuse")
    bags.prepare({**files, "D": slide("D", 50, "Dogwood", 31)})
    with pytest.raises(CohortError, match=r"manifest.csv:31: patient D: wsi: its centre Dogwood"):
        bags.fit(files)


def test_a_stain_without_a_target_is_not_used(source, files):
    with pytest.raises(ConfigError, match="the stain has no target yet"):
        source("macenko").load("A0", files["A0"])
    with pytest.raises(ConfigError, match="no stain is asked for"):
        source().store.profile(files["A0"][0])
