"""The files of a bundle on disk: plain JSON and safetensors, each with its SHA-256.

Nothing in a bundle is pickled and nothing in it names code: the configuration goes through the
same strict schema as a run's.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fusion.errors import BundleError

SUMS = "SHA256SUMS"


def seal(folder: Path) -> None:
    """Write the sum of every file in the folder, in the format of `sha256sum`."""
    files = sorted(p for p in folder.iterdir() if p.is_file() and p.name != SUMS)
    lines = [f"{sha256(path)}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines))


def verify(folder: Path) -> None:
    """Hold every file against its sum.

    Raises:
        BundleError: for a file that is missing, changed, or not listed.
    """
    if not (folder / SUMS).is_file():
        raise BundleError(
            f"{folder} is not a bundle: it has no {SUMS}. Give the run's bundle/ folder"
        )
    lines = [line.partition("  ") for line in (folder / SUMS).read_text().splitlines()]
    sums = {name: digest for digest, _, name in lines}
    present = {p.name for p in folder.iterdir() if p.name != SUMS}
    for name in sorted(present | sums.keys()):
        if name not in present:
            raise BundleError(f"{folder}: {name} is missing; copy the bundle again")
        if name not in sums:
            raise BundleError(f"{folder}: {name} does not belong to the bundle; take it out")
        if sha256(folder / name) != sums[name]:
            raise BundleError(
                f"{folder}: {name} was changed after export (its SHA-256 differs); copy the bundle "
                "again from where it was made"
            )


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Readable, sorted, strict JSON, by atomic rename."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")
    os.replace(temporary, path)


def read_json(path: Path) -> dict[str, Any]:
    """What `write_json` wrote.

    Raises:
        BundleError: where it is not a JSON object.
    """
    try:
        value = json.loads(path.read_text())
    except ValueError as error:
        raise BundleError(f"{path} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BundleError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value
