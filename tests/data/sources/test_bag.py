import json
import pickle
import shutil
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image

from fusion.data.prepare import slide_store
from fusion.data.prepare.patch_encoders.texture import Texture
from fusion.data.prepare.tiling import Tiling
from fusion.data.readers.slide import SlideFile
from fusion.data.sources.bag import BagSource
from fusion.errors import BundleError, CacheError, ConfigError, ReadError


class Mean:
    """Mean colour, and a count of the tiles that were asked for."""

    name, mpp, tile_px, dim = "mean", 1.0, 64, 3

    def __init__(self, scale=1.0, delay=None):
        self.scale, self.delay = scale, delay
        self.seen = 0

    def __call__(self, tiles):
        self.seen += len(tiles)
        if self.delay is not None:
            self.delay()
        return (tiles.mean(axis=(1, 2)) * self.scale).astype(np.float32)

    def spec(self):
        return {"name": self.name, "scale": self.scale}


SETTINGS = {
    "tile_px": 64,
    "mpp": 1.0,
    "stride_px": 32,
    "min_tissue": 0.5,
    "max_tiles": None,
    "seed": 0,
}


@pytest.fixture
def source(tmp_path):
    def build(encoder=None, cache="cache", workers=2, **values):
        tiling = Tiling(**{**SETTINGS, **values})
        return BagSource(
            encoder=encoder or Mean(), tiling=tiling, cache=tmp_path / cache, workers=workers
        )

    return build


@pytest.fixture
def files(write_slide, draw, slide_entry):
    """Patient a has two slides, b has one."""
    paths = [write_slide(f"{n}.tif", draw(side=512, seed=n)[0], mpp=1.0) for n in range(3)]
    return {
        "a": (slide_entry(paths[0], "a", 2), slide_entry(paths[1], "a", 3)),
        "b": (slide_entry(paths[2], "b", 4),),
    }


def test_a_bag_is_all_slides_in_manifest_order_standardised(source, files):
    encoder = Mean()
    bags = source(encoder)
    assert bags.prepare(files) == []
    bags.fit(files)
    assert bags.width == 3
    raw = {}
    for patient, rows in files.items():
        placed = bags.tiles(patient, rows)
        pixels = []
        for index, entry in enumerate(rows):
            with SlideFile.open(entry.path) as slide:
                mine = placed.slide == index
                pixels += [
                    slide.read(x, y, side, 64)
                    for (x, y), side in zip(
                        placed.corner_px[mine].tolist(), placed.side_px[mine].tolist(), strict=True
                    )
                ]
        raw[patient] = np.stack(pixels).mean(axis=(1, 2)).astype(np.float16).astype(float)
        assert placed.slide.tolist() == sorted(placed.slide.tolist())
        assert placed.tile_um == 64.0
        np.testing.assert_allclose(placed.corner_um, placed.corner_px * 1.0)
    whole = np.concatenate(list(raw.values()))
    for patient, rows in files.items():
        bag = bags.load(patient, rows)
        assert len(bag) == 1
        assert bag.features.dtype == torch.float32
        assert bags.size(patient, rows) == len(bag.features) == len(raw[patient])
        expected = (raw[patient] - whole.mean(0)) / whole.std(0)
        np.testing.assert_allclose(bag.features, expected, atol=2e-3)  # values of 200 in float32
        torch.testing.assert_close(bags.tiles(patient, rows).features, bag.features)


def test_a_second_run_does_no_work(source, files, monkeypatch):
    source().prepare(files)
    encoder = Mean()
    again = source(encoder)
    monkeypatch.setattr(slide_store, "embed", None)  # calling it would raise
    assert again.prepare(files) == []
    again.fit(files)
    again.load("a", files["a"])
    assert encoder.seen == 0


def test_the_number_of_workers_changes_nothing(source, files):
    loaded = []
    for workers in (1, 3):
        bags = source(cache=f"cache{workers}", workers=workers)
        bags.prepare(files)
        bags.fit(files)
        loaded.append(torch.cat([bags.load(p, rows).features for p, rows in files.items()]))
    torch.testing.assert_close(*loaded, rtol=0, atol=0)


@pytest.mark.parametrize(
    "change",
    [
        {"stride_px": 64},
        {"min_tissue": 0.9},
        {"max_tiles": 5},
        {"encoder": Mean(scale=2.0)},
        {"seed": 1},
    ],
)
def test_whatever_changes_a_feature_makes_another_entry(source, files, change):
    source().prepare(files)
    encoder = change.setdefault("encoder", Mean())
    encoder.seen = 0
    source(**change).prepare(files)
    assert encoder.seen > 0


def test_another_content_or_pixel_size_makes_another_entry(source, draw, tmp_path, slide_entry):
    path = tmp_path / "region.png"
    encoder = Mean()
    for image, mpp in ((draw(512, 0)[0], 0.5), (draw(512, 1)[0], 0.5), (draw(512, 1)[0], 1.0)):
        Image.fromarray(image).save(path)
        encoder.seen = 0
        source(encoder).prepare({"a": (slide_entry(path, "a", mpp=mpp),)})
        assert encoder.seen > 0


def test_a_cap_is_drawn_by_seed(source, files):
    places = []
    for seed in (0, 0, 1):
        bags = source(max_tiles=9, seed=seed, cache=f"cache{len(places)}")
        bags.prepare(files)
        bags.fit(files)
        assert bags.size("a", files["a"]) == 18
        places.append(bags.tiles("a", files["a"]).corner_px.tolist())
    assert places[0] == places[1] != places[2]


def test_a_torn_entry_is_made_again(source, files, tmp_path, caplog):
    bags = source()
    bags.prepare(files)
    bags.fit(files)
    before = bags.load("a", files["a"]).features
    for entry in (tmp_path / "cache").rglob("*.safetensors"):
        entry.write_bytes(entry.read_bytes()[:-7])
    encoder = Mean()
    again = source(encoder)
    again.prepare(files)
    again.fit(files)
    assert encoder.seen > 0
    torch.testing.assert_close(again.load("a", files["a"]).features, before, rtol=0, atol=0)
    assert "torn" in caplog.text


def test_a_bad_slide_is_a_fault_and_the_rest_goes_on(source, files, tmp_path, write_slide):
    a, b = files["a"]
    b.path.write_bytes(b.path.read_bytes()[:5000])
    white = write_slide("white.tif", np.full((256, 256, 3), 245, dtype=np.uint8), mpp=1.0)
    empty = type(a)("c", "north", "wsi", white, 5)
    bags = source()
    faults = bags.prepare({**files, "c": (empty,)})
    assert [(f.file, f.line, f.patient) for f in faults] == [
        ("manifest.csv", 3, "a"),
        ("manifest.csv", 5, "c"),
    ]
    assert "1.tif" in faults[0].message
    assert "cut off" in faults[0].message
    assert "white.tif: no tissue found" in faults[1].message
    good = {"a": (a,), "b": files["b"]}
    bags.fit(good)
    assert bags.size("a", (a,)) > 0
    with pytest.raises(ReadError, match=r"patient a: .*1\.tif"):
        bags.load("a", files["a"])


def test_stopped_work_goes_on_where_it_stopped(source, files, tmp_path):
    """A full disk at the second slide: the first is kept, and the rest is not waited for."""
    entries = [entry for rows in files.values() for entry in rows]
    calls = []

    def fail_later():
        calls.append(1)
        if len(calls) > 3:  # the first slide takes two or three batches
            raise CacheError("the disk is full")

    with pytest.raises(CacheError, match="the disk is full"):
        source(Mean(delay=fail_later), workers=1).prepare(files)
    done = len(list((tmp_path / "cache").rglob("*.safetensors")))
    assert 1 <= done < len(entries)
    whole = Mean()
    source(whole, cache="other").prepare(files)
    rest = Mean()
    assert source(rest).prepare(files) == []
    assert 0 < rest.seen < whole.seen
    assert not list((tmp_path / "cache").rglob("*.tmp"))


def test_a_stop_ends_the_other_slides_at_their_next_batch(source, files):
    stopped = threading.Event()
    batches = []

    def wait_or_fail():
        batches.append(threading.get_ident())
        if len(batches) == 2:
            stopped.set()
            raise CacheError("the disk is full")
        stopped.wait(30)
        time.sleep(0.5)  # for the error to arrive

    with pytest.raises(CacheError, match="the disk is full"):
        source(Mean(delay=wait_or_fail), workers=2).prepare(files)
    assert len(batches) <= 3  # of six or more; the third slide may just have begun


def test_a_full_disk_is_an_error_and_not_a_fault(source, files, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(CacheError, match=r"cannot write the lock .* set the cache to a folder"):
        source().prepare(files)


def test_state_takes_the_place_of_fit(source, files):
    fitted = source()
    fitted.prepare(files)
    fitted.fit({"b": files["b"]})
    restored = source()
    restored.restore(json.loads(json.dumps(fitted.state())))
    rows = files["a"]
    expected = fitted.load("a", rows).features
    torch.testing.assert_close(restored.load("a", rows).features, expected, rtol=0, atol=0)
    for other in (source(Mean(scale=2.0)), source(stride_px=64)):
        with pytest.raises(BundleError, match=r"slide features were made by .*, this run's by"):
            other.restore(fitted.state())


def test_only_the_given_patients_take_part_in_fitting(source, files):
    bags = source()
    bags.prepare(files)
    bags.fit({"b": files["b"]})
    features = bags.load("b", files["b"]).features
    torch.testing.assert_close(features.mean(0), torch.zeros(3), atol=2e-3, rtol=0)
    assert bags.load("a", files["a"]).features.mean(0).abs().max() > 0.01


def test_it_travels_to_worker_processes_with_its_keys(source, files, tmp_path, monkeypatch):
    bags = source()
    bags.prepare(files)
    bags.fit(files)
    expected = bags.load("a", files["a"]).features
    twin = pickle.loads(pickle.dumps(bags))
    monkeypatch.setattr(slide_store, "digest", None)  # a worker must not hash slides again
    torch.testing.assert_close(twin.load("a", files["a"]).features, expected, rtol=0, atol=0)


def test_a_deleted_cache_is_made_again_on_the_way(source, files, tmp_path):
    bags = source()
    bags.prepare(files)
    bags.fit(files)
    expected = bags.load("b", files["b"]).features
    shutil.rmtree(tmp_path / "cache")
    assert bags.size("b", files["b"]) == len(expected)
    torch.testing.assert_close(bags.load("b", files["b"]).features, expected, rtol=0, atol=0)


def test_a_feature_that_is_not_finite_is_refused(source, files):
    faults = source(Mean(scale=1e9)).prepare(files)
    assert len(faults) == 3
    assert "encoder 'mean' gave a feature that is not finite or beyond 65504" in faults[0].message


def test_values_that_do_not_fit_are_refused(source, files):
    with pytest.raises(ConfigError, match=r"'mean' takes tiles of 64 px at 1 .*found 128 px at 1"):
        source(tile_px=128)
    with pytest.raises(ConfigError, match="workers is 0"):
        source(workers=0)
    with pytest.raises(ConfigError, match="min_tissue is 2"):
        source(min_tissue=2.0)
    with pytest.raises(ConfigError, match="no training patient has a slide"):
        source().fit({})
    with pytest.raises(ConfigError, match="call fit or restore first"):
        source().load("a", files["a"])


def test_real_slides_become_bags(source, real_slides, slide_entry):
    """The Aperio slide states its pixel size; the two glioma regions (20x) are given theirs."""
    regions = sorted((real_slides / "tcga/wsi_roi").glob("*_1.png"))
    files = {
        f"p{line}": (slide_entry(path, f"p{line}", line, mpp),)
        for line, (path, mpp) in enumerate(
            [(real_slides / "wsi_fixtures/CMU-1-Small-Region.svs", None)]
            + [(region, 0.5) for region in regions],
            start=2,
        )
    }
    bags = source(
        Texture(tile_px=256, mpp=0.5), tile_px=256, mpp=0.5, stride_px=256, min_tissue=0.5
    )
    assert bags.prepare(files) == []
    bags.fit(files)
    assert [bags.size(p, rows) for p, rows in files.items()] == [30, 16, 16]
    loaded = torch.cat([bags.load(p, rows).features for p, rows in files.items()])
    assert bool(loaded.isfinite().all())
    torch.testing.assert_close(
        loaded.std(0, correction=0), torch.ones(bags.width), atol=1e-3, rtol=0
    )
