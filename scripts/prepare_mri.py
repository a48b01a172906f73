r"""From a cohort folder to one in which each patient's MRI lies on one grid, ready to be used.

    python scripts/prepare_mri.py cohort=data/mine out=data/mine_mri reference=T1c
    python scripts/prepare_mri.py cohort=data/mine out=data/mine_mri reference=T1c \
        brain=hd-bet n4=yes workers=4
    python scripts/prepare_mri.py cohort=data/mine out=data/mine_mri reference=T1c \
        register=no brain=brain_mask n4=yes

Moves each sequence rigidly onto the reference (mutual information), cuts the brain out, divides
the bias field out: in this order. Masks go with the sequence that they were drawn on. Writes
images, motions (.tfm, .json), provenance.json and a picture to look at, overview.png, per patient,
then the manifest. Can be stopped and goes on where it was. A patient that fails is named with the
reason, and the others go on; the manifest is written when nobody fails any more.

Needs SimpleITK: pip install 'fusion-onco[mri]'. See docs/prepare_mri.md.

Exit codes: 0 done, 1 refused, or a patient failed, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import decimal, parse, whole
from fusion.cli import guarded
from fusion.errors import ConfigError

ARGUMENTS = {
    "cohort": "folder with manifest.csv",
    "out": "cohort folder to write to",
    "reference": "sequence on whose grid everything is put, such as T1c",
    "modality": "of the manifest (default: mri); the others go over as they are",
    "register": "yes or no: all lie on the reference's grid already (default: yes)",
    "brain": "sequence that holds a mask of the brain, or hd-bet (default: keep the skull)",
    "drawn_on": "sequence that masks were drawn on, and go with (default: the reference)",
    "n4": "yes or no: divide the bias field out (default: no)",
    "shrink": "the bias field is fitted at so many times the finest spacing (default: 4)",
    "most_degrees": "a larger rotation is refused (default: 45)",
    "most_mm": "a larger shift is refused (default: 100)",
    "device": "of HD-BET: cuda, cpu or mps (default: cuda)",
    "seed": "of the points at which images are compared (default: 0)",
    "workers": "patients at a time; 1 where HD-BET has one GPU (default: 2)",
}


def main() -> None:
    """Parse, prepare, say where to look."""
    needed = ["cohort", "out", "reference"]
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=needed)
    from fusion.data.cohort import Cohort
    from fusion.data.prepare.mri_settings import MriSettings
    from fusion.run.prepare_mri import prepare_mri

    settings = MriSettings(
        reference=values["reference"],
        register=_yes(values, "register", "yes"),
        brain=values.get("brain"),
        drawn_on=values.get("drawn_on"),
        n4=_yes(values, "n4", "no"),
        shrink=whole(values, "shrink", 4),
        most_degrees=decimal(values, "most_degrees", 45.0),
        most_mm=decimal(values, "most_mm", 100.0),
        seed=whole(values, "seed", 0, lowest=0),
        device=values.get("device", "cuda"),
    )
    cohort, out = Cohort.from_manifest(Path(values["cohort"])), Path(values["out"])
    modality, workers = values.get("modality", "mri"), whole(values, "workers", 2)
    done = prepare_mri(cohort, modality, settings, out, workers=workers)
    print(f"{done.patients} patients; motions: {done.table}; manifest: {done.manifest}")
    print(f"look at the pictures: {out / f'prepared_{modality}'}/*/overview.png")
    if done.lost_labels:
        sys.stderr.write(
            f"WARNING: the tumour masks of {done.lost_labels} patients reach out of the brain and "
            f"were cut there: column labels_outside_brain of {done.table}\n"
        )


def _yes(values: dict[str, str], name: str, default: str) -> bool:
    answer = values.get(name, default)
    if answer not in ("yes", "no"):
        raise ConfigError(f"{name}={answer}: expected yes or no")
    return answer == "yes"


if __name__ == "__main__":
    guarded(main)
