"""Build a folder beside its place, and move it there only when it is whole."""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from fusion.errors import ReadError

RECORD = "source.json"
"""What a built folder was made from: file name -> SHA-256."""


def publish(*, out: Path, made_from: Mapping[str, str], write: Callable[[Path], None]) -> bool:
    r"""Let `write` fill a new folder and put it at `out`; do nothing if `out` is current.

    A folder is current when it has a `manifest.csv` and its record equals `made_from`, which
    must therefore name everything that the result depends on. An older build is replaced;
    a folder that no builder wrote is never touched. A stop half-way leaves `out` as it was.

    Returns:
        Whether anything was built.

    Raises:
        ReadError: where `out` is a file, or a folder with something else in it.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     def write(into: Path) -> None:
        ...         _ = (into / "manifest.csv").write_text("patient_id\n")
        ...     args = {"out": Path(folder) / "cohort", "made_from": {"a.csv": "e3b0"}}
        ...     publish(write=write, **args), publish(write=write, **args)
        (True, False)
    """
    record = json.dumps(dict(sorted(made_from.items())), indent=1) + "\n"
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out.is_dir() and (out / RECORD).is_file()):
            raise ReadError(
                out,
                f"is in the way: it holds no {RECORD}, so no builder wrote it; "
                "name a folder that is new or empty",
            )
        if (out / "manifest.csv").is_file() and (out / RECORD).read_text() == record:
            return False
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        new.mkdir()
        write(new)
        (new / RECORD).write_text(record)
        if out.exists():
            shutil.move(out, old)
        new.rename(out)
    return True
