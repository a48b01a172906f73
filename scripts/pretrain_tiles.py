r"""A patch encoder of your own: learned from the tiles of your training patients, without labels.

    python scripts/pretrain_tiles.py cohort=data/demo split=runs/NAME/.../split.json
    python train.py +experiment=glioma_fusion patch_encoder@modalities.wsi.patch_encoder=own \
        modalities.wsi.patch_encoder.folder=runs/tile_encoder

For who has no access to gated weights. SimCLR: two looks at a tile, turned and stained otherwise,
are to be alike, and unlike those of other tiles. Can be stopped at any moment and goes on where it
was. The folder holds card.json, model.safetensors and history.csv (loss, and how often a look finds
its fellow among a batch). A run refuses the encoder where it would test on a patient whom the
encoder has met: give the split of that run.

Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import decimal, parse, split_asked_for, whole
from fusion.cli import guarded

ARGUMENTS = {
    "cohort": "folder with manifest.csv",
    "split": "split.json of a run, whose training patients are learned from",
    "patients": "all: learn from every patient, where no run will test on any of them",
    "modality": "name of the slides in the manifest (default: wsi)",
    "network": "resnet18 (default), resnet34, resnet50, densenet121, efficientnet-b0",
    "tile_px": "side of a tile in pixels (default: 128)",
    "mpp": "microns per pixel (default: 1.0)",
    "tiles_per_slide": "drawn at random from each slide (default: 200)",
    "epochs": "times that all tiles are seen (default: 30)",
    "batch": "tiles that are told apart at once (default: 128)",
    "lr": "peak learning rate (default: 0.001)",
    "temperature": "of the loss (default: 0.1)",
    "smallest": "side of the smallest look, as a share of the tile (default: 0.6)",
    "stain": "strength of the change of stain, 0.05 to 0.2 (default: 0.1)",
    "seed": "of all draws (default: 0)",
    "accelerator": "cpu (default) or gpu",
    "out": "folder of the encoder (default: runs/tile_encoder)",
}


def main() -> None:
    """Parse, learn, say how to use it."""
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["cohort"])
    chosen = split_asked_for(values)
    from fusion.data.cohort import Cohort
    from fusion.run.pretrain_tiles import Pretraining, pretrain_tiles
    from fusion.run.pretrain_who import split_of

    cohort = Cohort.from_manifest(Path(values["cohort"]))
    out = pretrain_tiles(
        cohort,
        split_of(chosen, cohort),
        Pretraining(
            modality=values.get("modality", "wsi"),
            network=values.get("network", "resnet18"),
            tile_px=whole(values, "tile_px", 128),
            mpp=decimal(values, "mpp", 1.0),
            tiles_per_slide=whole(values, "tiles_per_slide", 200),
            epochs=whole(values, "epochs", 30),
            batch=whole(values, "batch", 128, lowest=2),
            lr=decimal(values, "lr", 1e-3),
            temperature=decimal(values, "temperature", 0.1),
            smallest=decimal(values, "smallest", 0.6),
            stain=decimal(values, "stain", 0.1),
            seed=whole(values, "seed", 0, lowest=0),
            accelerator=values.get("accelerator", "cpu"),
        ),
        Path(values.get("out", "runs/tile_encoder")),
    )
    print(f"encoder {out}: patch_encoder@modalities.wsi.patch_encoder=own")
    print(f"        modalities.wsi.patch_encoder.folder={out}")


if __name__ == "__main__":
    guarded(main)
