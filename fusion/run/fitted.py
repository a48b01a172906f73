"""`fitted.json`: who each fitted or chosen thing of a run has seen."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from fusion.audit.fits import Fit
from fusion.errors import BundleError
from fusion.lit.rank import rank
from fusion.types import PatientId

FILE = "fitted.json"


class Fitted:
    """Notes taken where something is fitted; a resumed run goes on with those it has.

    Args:
        path: of the file; read if it is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fits = {fit.what: fit for fit in load_fits(path)} if path.exists() else {}

    @property
    def fits(self) -> tuple[Fit, ...]:
        """All notes, in the order of their first writing."""
        return tuple(self._fits.values())

    def note(
        self,
        what: str,
        kind: Literal["fit", "choice"],
        patients: Iterable[PatientId],
        value: float | None = None,
    ) -> None:
        """Write down at once who was seen; a second note of the same thing replaces the first."""
        self._fits[what] = Fit(what, kind, tuple(sorted(patients)), value)
        if rank() != 0:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps([asdict(fit) for fit in self.fits], indent=1) + "\n")
        os.replace(temporary, self._path)


def load_fits(path: Path) -> tuple[Fit, ...]:
    """Read the notes of a run.

    Raises:
        BundleError: where the file is torn or changed.
    """
    try:
        rows = json.loads(path.read_text())
        return tuple(
            Fit(r["what"], r["kind"], tuple(map(PatientId, r["patients"])), r["value"])
            for r in rows
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{path}: cannot be read as notes of what was fitted: {error}") from error
