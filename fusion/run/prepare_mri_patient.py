"""One patient's folder: images, motions, a picture and what it was made of, or nothing at all."""

import hashlib
import importlib.metadata
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import fusion
from fusion.data.entry import Entry
from fusion.data.prepare.mri_itk import itk
from fusion.data.prepare.mri_patient import PreparedMri, prepare_patient
from fusion.data.prepare.mri_register import Rigid
from fusion.data.prepare.mri_settings import HD_BET, MriSettings
from fusion.data.prepare.volume_rows import MASK
from fusion.data.readers.volume_write import write_like
from fusion.errors import ReadError, ReportError
from fusion.run.prepare_mri_picture import overview

CODE = 1
"""Raised where the same files give other images."""

PROVENANCE = "provenance.json"


def prepare_folder(
    rows: Mapping[str, Entry], settings: MriSettings, root: Path, folder: Path
) -> dict[str, Any]:
    """Prepare a patient, unless the folder is there already, made of the same files.

    The folder appears whole: it is written beside its place and renamed.

    Args:
        rows: sequence -> row of the manifest, of one patient.
        settings: what is done.
        root: the cohort's data root, which paths in the provenance start from.
        folder: of this patient.

    Returns:
        What stands in `provenance.json`.

    Raises:
        ReadError: where the patient cannot be prepared.
        ReportError: where the folder cannot be written.
    """
    told = _provenance(rows, settings, root)
    known = _known(folder / PROVENANCE)
    if (
        known is not None
        and {name: known.get(name) for name in told} == told
        and all((folder / name).is_file() for name in known["outputs"])
    ):
        return known
    done = prepare_patient(rows, settings)
    temporary = folder.with_name(f".{os.getpid()}-{folder.name}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _write(done, rows[settings.reference].path, temporary)
        told |= _found(done)
        told["outputs"] = {p.name: _digest(p) for p in sorted(temporary.iterdir())}
        (temporary / PROVENANCE).write_text(json.dumps(told, indent=1) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(temporary, folder)
    except OSError as error:
        if isinstance(error, ReportError):
            raise
        raise ReportError(
            f"{folder}: cannot be written ({error}); free space or choose another folder"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return told


def image_name(sequence: str) -> str:
    """File of a sequence; what does not belong into a name becomes `_`.

    Example:
        >>> image_name("T1 c/e")
        'T1_c_e.nii.gz'
    """
    stem = "".join(c if c.isalnum() or c in "-+." else "_" for c in sequence)
    return f"{stem}.nii.gz"


def _write(done: PreparedMri, like: Path, folder: Path) -> None:
    for name, image in done.images.items():
        write_like(folder / image_name(name), image, like)
    if done.mask is not None:
        write_like(folder / image_name(MASK), done.mask, like)
    if done.brain is not None:
        write_like(folder / "brain_mask.nii.gz", done.brain.astype(np.uint8), like)
    for name, moved in done.moved.items():
        if moved.rigid is not None:
            stem = image_name(name).removesuffix(".nii.gz")
            itk().WriteTransform(moved.rigid.transform, str(folder / f"{stem}.tfm"))
            text = json.dumps(_motion(moved.rigid, resampled=moved.resampled), indent=1)
            (folder / f"{stem}.json").write_text(text + "\n")
    (folder / "overview.png").write_bytes(overview(done))


def _motion(found: Rigid, *, resampled: bool) -> dict[str, Any]:
    return {
        "rotation_degrees": found.degrees,
        "translation_mm": found.shift_mm,
        "translation_of": "the centre of the reference, in mm to the left, back and up",
        "centre_mm": found.transform.GetCenter(),
        "mutual_information_before": -found.before,
        "mutual_information_after": -found.after,
        "optimiser_steps": found.steps,
        "resampled": resampled,
    }


def _provenance(rows: Mapping[str, Entry], settings: MriSettings, root: Path) -> dict[str, Any]:
    sitk = itk()
    versions = {"fusion": fusion.__version__, "SimpleITK": sitk.__version__, "code": CODE}
    versions["ITK"] = sitk.Version.ITKVersionString()
    if settings.brain == HD_BET:
        versions[HD_BET] = _version(HD_BET)
    return {
        "patient_id": next(iter(rows.values())).patient_id,
        "settings": asdict(settings),
        "versions": versions,
        "inputs": {
            name: {"path": row.path.relative_to(root).as_posix(), "sha256": _digest(row.path)}
            for name, row in sorted(rows.items())
        },
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not known: the program is of another environment and does not say"


def _found(done: PreparedMri) -> dict[str, Any]:
    voxel_ml = float(np.prod(done.reference.spacing_mm)) / 1000
    motions = {n: m.rigid for n, m in done.moved.items() if m.rigid is not None}
    return {
        "motions": {
            name: _motion(rigid, resampled=done.moved[name].resampled)
            for name, rigid in motions.items()
        },
        "brain_ml": None if done.brain is None else float(done.brain.sum()) * voxel_ml,
        "labels_outside_brain": done.lost_labels,
    }


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror}); is it still there?") from error


def _known(path: Path) -> dict[str, Any] | None:
    """A provenance that is torn or of another form is written anew."""
    try:
        told: dict[str, Any] = json.loads(path.read_text())
        return told if isinstance(told["outputs"], dict) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
