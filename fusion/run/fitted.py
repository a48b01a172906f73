"""`fitted.json`: who each fitted or chosen thing of a run has seen."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from fusion.audit.fits import Fit
from fusion.errors import BundleError
from fusion.lit.rank import rank
from fusion.types import PatientId

FILE = "fitted.json"


@dataclass(frozen=True)
class Fitted:
    """Notes taken where something is fitted; a resumed run goes on with those it has.

    Example:
        >>> import tempfile
        >>> fitted = Fitted(Path(tempfile.mkdtemp()) / FILE)
        >>> fitted.note("epoch of fusion", "choice", ["b", "a"], value=7.0)
        >>> fitted.fits
        (Fit(what='epoch of fusion', kind='choice', patients=('a', 'b'), value=7.0),)
    """

    path: Path
    place: str = ""
    """What all that is noted belongs to, where a run trains the same thing again within it."""

    @property
    def fits(self) -> tuple[Fit, ...]:
        """All notes, in the order of their first writing.

        Raises:
            BundleError: where the file is torn or changed.
        """
        if not self.path.exists():
            return ()
        try:
            return tuple(
                Fit(row["what"], row["kind"], tuple(row["patients"]), row["value"])
                for row in json.loads(self.path.read_text())
            )
        except (ValueError, KeyError, TypeError) as error:
            message = f"{self.path}: cannot be read as notes of what was fitted: {error}"
            raise BundleError(message) from error

    def note(
        self,
        what: str,
        kind: Literal["fit", "choice"],
        patients: Iterable[PatientId],
        value: float | None = None,
    ) -> None:
        """Write down at once who was seen; a second note of the same thing replaces the first."""
        if rank() != 0:
            return
        what = f"{what} of {self.place}" if self.place else what
        notes = {fit.what: fit for fit in self.fits}
        notes[what] = Fit(what, kind, tuple(sorted(patients)), value)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".tmp")
        rows = [asdict(fit) for fit in notes.values()]
        temporary.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        os.replace(temporary, self.path)

    def inside(self, place: str) -> "Fitted":
        """The same notes, for what belongs to `place`.

        Example:
            >>> import tempfile
            >>> fitted = Fitted(Path(tempfile.mkdtemp()) / FILE)
            >>> fitted.inside("mri_alone").note("epoch of inner_0", "choice", ["a"])
            >>> fitted.fits[0].what
            'epoch of inner_0 of mri_alone'
        """
        return replace(self, place=f"{place} of {self.place}" if self.place else place)
