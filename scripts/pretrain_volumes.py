r"""First weights for an encoder of volumes, learned from your training patients without labels.

    python scripts/pretrain_volumes.py split=runs/NAME/.../split.json -- +experiment=btsc
    python train.py +experiment=btsc split=file '~split.stratify' \
        split.path=runs/NAME/.../split.json weights@modalities.mri.encoder.weights=file \
        modalities.mri.encoder.weights.file=runs/volume_weights

Behind -- stands what you give train.py: the cohort, how volumes are read, and the network. A masked
autoencoder: blocks of voxels are hidden, and the network tells them from what is around. Can be
stopped at any moment and goes on where it was, by the same command. The folder holds
model.safetensors, card.json, history.csv (`unexplained`: 1 is no better than each sequence's mean)
and reconstruction.png. A run refuses the weights where it would test on a patient whom they have
met: give the split of that run.

Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import decimal, parse, split_asked_for, whole
from fusion.cli import guarded
from fusion.errors import ConfigError

ARGUMENTS = {
    "split": "split.json of a run, whose training patients are learned from",
    "patients": "all: learn from every patient, where no run will test on any of them",
    "modality": "name of the volumes in the experiment (default: mri)",
    "block": "side of a hidden block in voxels (default: 8)",
    "ratio": "of the blocks that hold tissue, hidden at a time (default: 0.6)",
    "draws": "parts of a patient in each epoch (default: 1)",
    "epochs": "times that every patient is seen (default: 100)",
    "batch": "parts at once (default: 4)",
    "lr": "peak learning rate (default: 0.001)",
    "seed": "of all draws (default: 0)",
    "accelerator": "cpu (default) or gpu",
    "workers": "processes that read ahead (default: 0)",
    "out": "folder of the weights (default: runs/volume_weights)",
}


def main() -> None:
    """Parse, learn, say how to use it."""
    own, run = halves(sys.argv[1:])
    values = parse(own, about=str(__doc__), allowed=ARGUMENTS)
    chosen = split_asked_for(values)
    ratio = decimal(values, "ratio", 0.6)
    if not 0 < ratio < 1:
        raise ConfigError(f"ratio={ratio}: expected a share above 0 and below 1")
    if not run:
        raise ConfigError("give behind -- what you give train.py, such as -- +experiment=btsc")
    from fusion.config.compose import compose
    from fusion.run.cohort import open_cohort
    from fusion.run.pretrain_volumes import MaskedPretraining, pretrain_volumes
    from fusion.run.pretrain_who import split_of

    config = compose(run)
    cohort = open_cohort(config)
    modality = values.get("modality", "mri")
    out = pretrain_volumes(
        config,
        cohort,
        split_of(chosen, cohort),
        MaskedPretraining(
            modality=modality,
            block=whole(values, "block", 8),
            ratio=ratio,
            draws=whole(values, "draws", 1),
            epochs=whole(values, "epochs", 100),
            batch=whole(values, "batch", 4),
            lr=decimal(values, "lr", 1e-3),
            seed=whole(values, "seed", 0, lowest=0),
            accelerator=values.get("accelerator", "cpu"),
            workers=whole(values, "workers", 0, lowest=0),
        ),
        Path(values.get("out", "runs/volume_weights")),
    )
    print(f"look at {out}/reconstruction.png")
    print(f"weights {out}: weights@modalities.{modality}.encoder.weights=file")
    print(f"        modalities.{modality}.encoder.weights.file={out}")


def halves(argv: list[str]) -> tuple[list[str], list[str]]:
    """What stands before -- and behind it."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]


if __name__ == "__main__":
    guarded(main)
