"""A file appears whole or not at all."""

import os
import tempfile
from pathlib import Path

import pandas as pd

from fusion.errors import ReportError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def publish(path: Path, content: bytes) -> Path:
    """Write beside the target, then rename over it.

    Raises:
        ReportError: where the folder cannot be written to, or the disk is full.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise ReportError(
            f"{path}: cannot be written ({error}); free or choose another folder"
        ) from error
    return path


def to_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 CSV in which no text can start a spreadsheet formula.

    Example:
        >>> to_csv(pd.DataFrame({"center": ["=1+1", "A"], "n": [-1, 2]})).decode().split()
        ['center,n', "'=1+1,-1", 'A,2']
    """
    safe = table.copy()
    for name in safe.select_dtypes("object").columns:
        safe[name] = [
            f"'{v}" if isinstance(v, str) and v.startswith(_FORMULA) else v for v in safe[name]
        ]
    return safe.to_csv(index=False, lineterminator="\n").encode()
