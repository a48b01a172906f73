"""Paths that a data sender wrote, kept inside the folder that they may name."""

import os
import re
import stat
from pathlib import Path, PurePosixPath

_STAY = "give a path inside the data root, or another data_root"


def confined_file(text: str, root: Path) -> Path:
    """The file that a manifest's path names, which exists and lies inside `root`.

    Args:
        text: as written: relative, with forward slashes.
        root: an absolute folder without links in it.

    Raises:
        ValueError: for a path that is absolute, climbs, leads out through a link, or names
            nothing, a folder or an empty file.

    Example:
        >>> confined_file("../secret", Path("/data"))
        Traceback (most recent call last):
        ValueError: path '../secret' climbs out ('..'); give a path inside the data root, or ...
    """
    if text.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z]:", text):
        raise ValueError(f"path {text!r} is absolute; {_STAY}")
    if "\\" in text:
        raise ValueError(f"path {text!r} has a backslash; write forward slashes")
    if ".." in PurePosixPath(text).parts:
        raise ValueError(f"path {text!r} climbs out ('..'); {_STAY}")
    path = root / text
    try:
        target = Path(os.path.realpath(path))
        status = os.stat(target)
    except FileNotFoundError:
        raise ValueError(f"no file {text!r} in {root}") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"path {text!r} cannot be opened: {error}") from error
    if not target.is_relative_to(root):
        raise ValueError(f"path {text!r} is a link to {target}, outside the data root; {_STAY}")
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"path {text!r} is not a file")
    if status.st_size == 0:
        raise ValueError(f"file {text!r} is empty (0 bytes)")
    return path
