"""The brain as a program outside of this one finds it."""

import gzip
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from fusion.data.prepare.mri_settings import HD_BET
from fusion.data.prepare.volume_same_grid import same_grid
from fusion.data.readers.volume import VolumeFile, read_mask
from fusion.errors import ConfigError, ReadError


def check_hd_bet() -> None:
    """See that the program is there before anything begins.

    Raises:
        ConfigError: where it is not.
    """
    if shutil.which(HD_BET) is None:
        raise ConfigError(
            "brain=hd-bet: there is no program `hd-bet` on the PATH; install it (pip install "
            "hd-bet, 2.0 or later, with its weights), or give the sequence of a mask that you "
            "have: brain=brain_mask"
        )


def hd_bet(reference: VolumeFile, patient: str, device: str) -> Bool[np.ndarray, "x y z"]:
    """Where HD-BET sees brain, on the grid of the file.

    Raises:
        ReadError: where it fails, or what it writes is no mask on that grid.

    Source: Isensee 2019 (HD-BET); the command line of its version 2.
    """
    check_hd_bet()
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "image.nii.gz"
        if reference.path.name.lower().endswith(".nii.gz"):
            shutil.copyfile(reference.path, given)
        else:
            given.write_bytes(gzip.compress(reference.path.read_bytes(), compresslevel=1))
        out = Path(folder) / "brain.nii.gz"
        command = [HD_BET, "-i", str(given), "-o", str(out), "-device", device]
        command += ["--save_bet_mask", "--no_bet_image"]
        if device == "cpu":
            command.append("--disable_tta")  # eight times the work for a little, its authors say
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        mask = Path(folder) / "brain_bet.nii.gz"
        if done.returncode or not mask.is_file():
            said = " | ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
            raise ReadError(
                reference.path,
                f"hd-bet left no mask (exit code {done.returncode}): {said or 'it said nothing'}; "
                "run it by hand on this image, or give device=cpu where there is no GPU",
                patient,
            )
        found = read_mask(mask, patient)
    if not same_grid(found, reference) or not found.array.any():
        raise ReadError(
            reference.path,
            "hd-bet found no brain, or wrote its mask on another grid; look at the image",
            patient,
        )
    return found.array > 0
