"""What was planted, as files beside the cohort and as tables in memory."""

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from jaxtyping import UInt8

from fusion.testing.demo.centers import LABS
from fusion.testing.demo.outcome import log_hazard, response_logit
from fusion.testing.demo.plan import Plan
from fusion.testing.demo.settings import Settings
from fusion.testing.demo.stain import matrix
from fusion.testing.demo.tables import batch_shifts, loadings

TABLES = ("patients", "targets", "tiles", "genes", "batch", "centers", "swaps")
"""One CSV file each."""


@dataclass(frozen=True)
class DemoTruth:
    """The truth of one demo cohort; `truth/README.md` says what every column is."""

    folder: Path
    """The cohort's folder."""
    settings: Settings
    patients: pd.DataFrame
    """Latents that the inputs show, by patient."""
    targets: pd.DataFrame
    """Labels without gap or error, by patient, with `log_hazard` and `response_logit`."""
    tiles: pd.DataFrame
    """Squares of tissue of every slide."""
    genes: pd.DataFrame
    """What each gene carries."""
    batch: pd.DataFrame
    """What each centre (column) adds to each gene (row)."""
    centers: pd.DataFrame
    """Scanner and stain of each centre, after `center_shift`."""
    swaps: pd.DataFrame
    """Who holds whose sample."""

    def voxels(self, patient_id: str) -> UInt8[np.ndarray, "x y z"]:
        """0 none, 1 necrotic core, 2 solid rim, 3 oedema, on the grid of the patient's files."""
        image = nib.Nifti1Image.from_filename(
            self.folder / "truth" / "mri" / f"{patient_id}.nii.gz"
        )
        return np.asarray(image.dataobj)

    def write(self) -> None:
        """Write the tables and the settings below `truth/`."""
        folder = self.folder / "truth"
        for name in TABLES:
            table: pd.DataFrame = getattr(self, name)
            table.to_csv(
                folder / f"{name}.csv", index=table.index.name is not None, lineterminator="\n"
            )

    @staticmethod
    def read(folder: Path) -> "DemoTruth":
        """Read the truth of a cohort that `write_demo` wrote."""
        found = {name: pd.read_csv(folder / "truth" / f"{name}.csv") for name in TABLES}
        for name in ("patients", "targets"):
            found[name] = found[name].set_index("patient_id")
        for name in ("subtype", "grade", "response"):
            labels = [label if isinstance(label, str) else None for label in found["targets"][name]]
            found["targets"][name] = np.array(labels, dtype=object)
        for name in ("os_time_days", "os_event"):
            found["targets"][name] = found["targets"][name].astype("Int64")
        found["batch"] = found["batch"].set_index("gene")
        found["centers"] = found["centers"].set_index("center")
        found["genes"]["factor"] = found["genes"]["factor"].fillna("")
        settings = json.loads((folder / "truth" / "settings.json").read_text())
        return DemoTruth(folder=folder, settings=Settings(**settings), **found)


def center_table(shift: float) -> pd.DataFrame:
    """Scanner and stain of each centre, as they take effect."""
    rows = []
    for each in LABS:
        stains = matrix(each, shift=shift).round(4)
        rows.append(
            {
                "center": each.name,
                "external": each.external,
                "orientation": each.orientation,
                "thickness": each.thickness,
                "mri_gain": round(float(np.exp(shift * each.log_gain)), 4),
                "mri_offset": shift * each.offset,
                "mri_gamma": round(float(np.exp(shift * each.log_gamma)), 4),
                "mri_noise": each.noise,
                "mri_bias": round(shift * each.bias + 0.03, 4),
                "mpp": each.mpp,
                "section_thickness": round(float(np.exp(shift * each.stain)), 4),
                **{f"haematoxylin_{c}": float(v) for c, v in zip("rgb", stains[0], strict=True)},
                **{f"eosin_{c}": float(v) for c, v in zip("rgb", stains[1], strict=True)},
                "rna_batch_sd": shift * each.batch,
            }
        )
    return pd.DataFrame(rows).set_index("center")


def save_settings(folder: Path, settings: Settings) -> None:
    """Write `truth/settings.json`, also the sign that a folder is a demo cohort, and README.md."""
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    readme = files("fusion.testing.demo").joinpath("truth.md").read_text(encoding="utf-8")
    (folder / "truth" / "README.md").write_text(readme, encoding="utf-8")
    text = json.dumps(asdict(settings), indent=2, sort_keys=True)
    (folder / "truth" / "settings.json").write_text(text + "\n")


def gather_truth(folder: Path, plan: Plan, targets: pd.DataFrame, tiles: pd.DataFrame) -> DemoTruth:
    """Put the truth together from what was decided before and found while writing."""
    seed, shift = plan.settings.seed, plan.settings.center_shift
    ids = [patient.patient_id for patient in plan.patients]
    genes = loadings(seed)
    return DemoTruth(
        folder=folder,
        settings=plan.settings,
        patients=pd.DataFrame([asdict(p) for p in plan.shown]).set_index("patient_id"),
        targets=targets.assign(
            log_hazard=[round(log_hazard(p), 4) for p in plan.patients],
            response_logit=[round(response_logit(p), 4) for p in plan.patients],
        ),
        tiles=tiles,
        genes=genes,
        batch=batch_shifts(seed, list(genes["gene"]), shift=shift),
        centers=center_table(shift),
        swaps=pd.DataFrame(
            [(name, ids[i], ids[owner]) for (name, i), owner in sorted(plan.swaps.items())],
            columns=["modality", "patient_id", "holds_patient_id"],
        ),
    )
