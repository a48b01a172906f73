"""A cluster leaves what one process leaves, and tells the same faults."""

import shutil

import numpy as np
import pytest

from fusion.config.parts.sources import build_bag
from fusion.config.slides import slide_settings
from fusion.data.cohort import Cohort
from fusion.data.shard import Shard
from fusion.errors import ConfigError
from fusion.run.slides import prepare_slides
from fusion.run.slides_on_dask import embed_on_dask

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow


def source(cache):
    config = slide_settings("texture", {"mpp": "2.0"})
    return build_bag(config, cache=cache, tasks={}, seed=0)


@pytest.fixture
def some(small_demo, tmp_path):
    """Six slides of the demo, one of them cut off."""
    root = tmp_path / "some"
    root.mkdir()
    lines = (small_demo / "manifest.csv").read_text().splitlines()
    kept = [line for line in lines[1:] if ",wsi," in line][:6]
    for line in kept:
        path = root / line.split(",")[3]
        path.parent.mkdir(exist_ok=True)
        shutil.copy(small_demo / line.split(",")[3], path)
    path.write_bytes(path.read_bytes()[:2000])
    (root / "manifest.csv").write_text("\n".join([lines[0], *kept]) + "\n")
    patients = dict.fromkeys(line.split(",")[0] for line in kept)
    (root / "targets.csv").write_text("\n".join(["patient_id", *patients]) + "\n")
    return Cohort.from_manifest(root)


def test_two_workers_leave_what_one_process_leaves(some, tmp_path):
    here, there = source(tmp_path / "here"), source(tmp_path / "there")
    alone = prepare_slides(some, {"wsi": here}, Shard(1, 1), tmp_path / "out")
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",  # so that all is pickled, as between machines
        dashboard_address=None,
    )
    with cluster:
        address = cluster.scheduler_address
        together = prepare_slides(
            some, {"wsi": there}, Shard(1, 1), tmp_path / "out2", dask=address
        )
    assert (alone["reason"] != "").sum() == 1
    assert alone.equals(together)
    for rows in some.files("wsi").values():
        for entry in rows:
            if alone.set_index("line").loc[entry.line, "reason"]:
                continue
            one, two = here.store.arrays(entry), there.store.arrays(entry)
            for name in one:
                np.testing.assert_array_equal(one[name], two[name])


def test_nobody_at_the_address(some, tmp_path):
    with pytest.raises(ConfigError, match=r"no Dask scheduler answers at tcp://127.0.0.1:1"):
        embed_on_dask(source(tmp_path).store, [], "tcp://127.0.0.1:1")
