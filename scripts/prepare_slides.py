r"""From a folder of slides to features, ahead of any training.

    python scripts/prepare_slides.py cohort=data/demo
    python scripts/prepare_slides.py cohort=data/mine encoder=transformers \
        patch_encoder.folder=/models/phikon-v2 tile_px=224 stride_px=224 mpp=0.5
    python scripts/prepare_slides.py cohort=data/mine shard=$SLURM_ARRAY_TASK_ID/16
    python scripts/prepare_slides.py cohort=data/mine dask=tcp://node1:8786

Finds the slides of a manifest, and for each one its tissue, tiles and features, which go into the
cache: a run with the same settings finds them there, and `train.py` makes by itself what is
missing. Can be stopped at any moment and goes on where it was. A slide that fails is reported with
its reason and the rest goes on. Ends with slides.csv and contact sheets to look at: thumbnail,
tissue, tiles. Shards share the cache folder; together they do what one process does.

Settings of configs/modality/slide.yaml may follow: tile_px, mpp, stride_px, min_tissue,
max_tiles_per_slide, half_size_decode, workers, ...

Exit codes: 0 done, 1 refused, or a slide failed, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import parse, whole
from fusion.cli import guarded
from fusion.config.modality import BagConfig
from fusion.errors import CohortError, Fault

OWN = {
    "cohort": "folder with manifest.csv",
    "modality": "name of the slides in the manifest (default: wsi)",
    "encoder": "one of configs/patch_encoder/ (default: texture)",
    "shard": "NUMBER/OF: this machine's part of the slides, such as 3/16 (default: all)",
    "dask": "address of a Dask scheduler, whose workers embed: tcp://HOST:8786 (default: here)",
    "seed": "of the draw of max_tiles_per_slide, as the run's seed (default: 0)",
    "cache": "folder of the features (default: .cache/fusion, as in training)",
    "out": "folder of the table and the contact sheets (default: runs/slides)",
}
ELSEWHERE = (
    "kind",
    "patch_encoder",
    "encoder",
    "adapt",
    "stain",
    "harmonise",
    "keep_tiles",
    "mix_tiles",
    "noise",
)
SETTINGS = [name for name in BagConfig.model_fields if name not in ELSEWHERE]
ENCODER = ["patch_encoder.card", "patch_encoder.folder", "patch_encoder.device"]


def main() -> None:
    """Parse, embed, say what there is to look at."""
    allowed = OWN | dict.fromkeys([*SETTINGS, *ENCODER], "as in configs/modality/slide.yaml")
    values = parse(sys.argv[1:], about=str(__doc__), allowed=allowed, required=["cohort"])
    from fusion.config.parts.sources import build_bag  # slow: --help has its answer by now
    from fusion.config.slides import slide_settings
    from fusion.data.cohort import Cohort
    from fusion.data.shard import Shard
    from fusion.run.allocator import keep_freed_memory
    from fusion.run.slides import prepare_slides

    keep_freed_memory()
    shard = Shard.parse(values.get("shard", "1/1"))
    settings = {name: value for name, value in values.items() if name not in OWN}
    config = slide_settings(values.get("encoder", "texture"), settings)
    modality = values.get("modality", "wsi")
    source = build_bag(
        config,
        cache=Path(values.get("cache", ".cache/fusion")) / modality,
        tasks={},
        seed=whole(values, "seed", 0, lowest=0),
    )
    cohort = Cohort.from_manifest(Path(values["cohort"]))
    out = Path(values.get("out", "runs/slides"))
    table = prepare_slides(cohort, {modality: source}, shard, out, dask=values.get("dask"))
    failed = table[table["reason"] != ""]
    made = len(table) - len(failed)
    print(f"{made} slides, {int(table['tiles'].sum()):,} tiles; {len(failed)} failed")
    print(f"look at {out}/contact_sheet{shard.suffix}_1.png; table {out}/slides{shard.suffix}.csv")
    if len(failed):
        faults = [
            Fault(r.reason, "manifest.csv", r.line, r.patient_id) for r in failed.itertuples()
        ]
        raise CohortError(cohort.root, faults)


if __name__ == "__main__":
    guarded(main)
