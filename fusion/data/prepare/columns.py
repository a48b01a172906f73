"""Which columns of a table are inputs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from fusion.data.sheet import nearest
from fusion.errors import ConfigError, ReadError


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The columns that a run asks for; of tables that may each lay them out otherwise.

    Raises:
        ConfigError: where both `columns` and `columns_file` are given.
    """

    columns: tuple[str, ...] | None
    columns_file: Path | str | None
    drop: tuple[str, ...]
    categorical: Collection[str]

    def __post_init__(self) -> None:
        if self.columns is not None and self.columns_file is not None:
            raise ConfigError("`columns` and `columns_file` both choose the columns; give one")

    def of(self, tables: Iterable[Sequence[str]]) -> tuple[str, ...]:
        """Those that are chosen of any table's columns; none where there is no table.

        Raises:
            ConfigError: for a name or a pattern that matches nothing.
        """
        available = {c for columns in tables for c in columns}
        if not available:
            return ()
        for column in self.categorical:
            if column not in available:
                hint = nearest(column, available)
                raise ConfigError(f"`categorical`: no table has a column {column!r}{hint}")
        listed = self.columns if self.columns_file is None else read_names(self.columns_file)
        return choose_columns(available, columns=listed, drop=self.drop)


def choose_columns(
    available: Collection[str], *, columns: Sequence[str] | None, drop: Sequence[str]
) -> tuple[str, ...]:
    """Columns to use, sorted, so that nothing depends on how a file is laid out.

    Args:
        available: names in the tables.
        columns: names or patterns (`*_rnaseq`, `?`, `[ab]`) to take; None takes all.
        drop: names or patterns to leave out, such as markers that define the label.

    Raises:
        ConfigError: where an item matches no column (a misspelt `drop` would let the label in),
            or nothing is left.

    Example:
        >>> choose_columns(["TP53", "IDH1_mut", "EGFR_cnv"], columns=None, drop=["IDH1*"])
        ('EGFR_cnv', 'TP53')
    """
    taken = set(available) if columns is None else _matching(columns, available, "columns")
    left = taken - _matching(drop, available, "drop")
    if not left:
        raise ConfigError(f"no column is left of {len(available)} after `columns` and `drop`")
    return tuple(sorted(left))


def read_names(path: Path | str) -> tuple[str, ...]:
    """Names of a list such as a gene signature: one a line; blank lines and `# ...` are skipped.

    Raises:
        ReadError: where it cannot be read, or names nothing.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(path, f"cannot be read as a list of names: {error}") from error
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not names:
        raise ReadError(path, "names no column, expected one name a line")
    return tuple(names)


def _matching(patterns: Sequence[str], available: Collection[str], setting: str) -> set[str]:
    """Columns of that very name, or else those that fit the pattern."""
    names = set(available)
    found: set[str] = set()
    for pattern in patterns:
        fits = {pattern} if pattern in names else {c for c in names if fnmatchcase(c, pattern)}
        if not fits:
            raise ConfigError(
                f"`{setting}`: {pattern!r} matches none of {len(names)} columns"
                f"{nearest(pattern, names)}"
            )
        found |= fits
    return found
