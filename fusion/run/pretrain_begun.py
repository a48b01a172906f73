"""A pretraining that is gone on with is the same: settings, files and patients."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fusion.errors import ConfigError
from fusion.report.publish import publish
from fusion.types import PatientId

FILE = "begun.json"


def begin(folder: Path, asked: Mapping[str, Any], patients: Iterable[PatientId]) -> None:
    """Note what is learned from whom, or hold it against the note of the first attempt.

    Without that a checkpoint that has met other patients would be gone on with, and the card
    would not name them.

    Args:
        folder: of checkpoints.
        asked: all that decides the training, as plain values.
        patients: learned from.

    Raises:
        ConfigError: naming what is different.
    """
    who = hashlib.sha256(json.dumps(sorted(patients)).encode()).hexdigest()
    values = json.loads(json.dumps({**asked, "patients": who}))
    path = folder / FILE
    if not path.exists():
        if (folder / "last.ckpt").exists():
            raise ConfigError(f"{folder} does not say whom it learned from; give another out=")
        publish(path, (json.dumps(values, indent=1) + "\n").encode())
        return
    before = json.loads(path.read_text())
    differing = sorted(k for k in before.keys() | values.keys() if before.get(k) != values.get(k))
    if differing:
        raise ConfigError(
            f"{folder} was begun with other {', '.join(differing)}; give another out=, or remove "
            "the folder"
        )
