"""Sets of genes (families, pathways), and which columns of a vector each of them is."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fusion.errors import ConfigError, ReadError


class Signatures:
    r"""Gene sets of a file, matched to the columns that are inputs; travels in the bundle.

    Args:
        path: a GMT file (a line for each set: name, description, genes, between tabs) or a CSV
            file (a column for each set, headed by its name).

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "sets.gmt"
        >>> _ = path.write_text("repair\tsource\tMGMT\tATM\ncycle\tsource\tCDK4\tATM\n")
        >>> sets = Signatures(path)
        >>> sets.fit(["ATM", "CDK4", "EGFR"])
        >>> dict(sets.groups), sets.unknown
        ({'repair': (0,), 'cycle': (1, 0)}, {'repair': ('MGMT',)})
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.groups: Mapping[str, tuple[int, ...]] = {}
        """Set -> columns of the vector, known after `fit`."""
        self.unknown: Mapping[str, tuple[str, ...]] = {}
        """Set -> its genes that are no column, where there are any."""
        self._columns: tuple[str, ...] = ()

    def fit(self, columns: Sequence[str]) -> None:
        """Find the genes among the names of a vector's columns.

        A column that tells whether a gene is missing goes with the gene.

        Raises:
            ReadError: for a file that is none of the two kinds.
            ConfigError: naming each set without any gene among the columns.
        """
        sets = read_signatures(self.path)
        place = {name: i for i, name in enumerate(columns)}
        found = {
            name: tuple(
                place[column]
                for gene in genes
                for column in (gene, f"{gene} missing")
                if column in place
            )
            for name, genes in sets.items()
        }
        empty = [f"{name!r} ({', '.join(sets[name][:3])}, ...)" for name in sets if not found[name]]
        if empty:
            raise ConfigError(
                f"{self.path}: no gene of {len(empty)} of {len(sets)} sets is among the "
                f"{len(columns)} columns: {', '.join(empty[:5])}"
                f"{' ...' if len(empty) > 5 else ''}; take these sets out of the file, or keep "
                "their genes (table.select_variance, table.columns)"
            )
        missing = {n: tuple(g for g in genes if g not in place) for n, genes in sets.items()}
        self.groups = found
        self.unknown = {name: genes for name, genes in missing.items() if genes}
        self._columns = tuple(columns)

    def state(self) -> dict[str, Any]:
        """JSON-able: column names of each set, and the genes that are none."""
        return {
            "sets": {n: [self._columns[i] for i in places] for n, places in self.groups.items()},
            "unknown": {n: list(genes) for n, genes in self.unknown.items()},
        }

    def restore(self, state: Mapping[str, Any], columns: Sequence[str]) -> None:
        """Take the place of `fit`; the file need not be there."""
        place = {name: i for i, name in enumerate(columns)}
        self.groups = {n: tuple(place[c] for c in names) for n, names in state["sets"].items()}
        self.unknown = {n: tuple(genes) for n, genes in state["unknown"].items()}
        self._columns = tuple(columns)

    def sentences(self, modality: str) -> list[str]:
        """What a reader must know: genes that are not there, and columns that are not used."""
        said = []
        genes = sorted({gene for lost in self.unknown.values() for gene in lost})
        if genes:
            worst = max(self.unknown, key=lambda name: len(self.unknown[name]))
            lost = len(self.unknown[worst])
            said.append(
                f"{modality}: {len(genes)} genes of the sets in {self.path.name} are not measured "
                f"({', '.join(genes[:5])}{' ...' if len(genes) > 5 else ''}); {worst} lacks most, "
                f"{lost} of {lost + len(self.groups[worst])}."
            )
        used = {place for places in self.groups.values() for place in places}
        if len(used) < len(self._columns):
            said.append(
                f"{modality}: {len(self._columns) - len(used)} of {len(self._columns)} columns are "
                f"in none of the {len(self.groups)} sets and are no inputs."
            )
        return said


def read_signatures(path: Path) -> dict[str, tuple[str, ...]]:
    """Set -> genes, each once, in the order of the file.

    Raises:
        ReadError: where it cannot be read, or a set is blank, named twice, or has no name.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(path, f"cannot be read as sets of genes: {error}") from error
    match Path(path).suffix.lower():
        case ".gmt":
            rows = [(i, line.split("\t")) for i, line in enumerate(text.splitlines(), 1) if line]
            named = [(f"line {i}", row[0], row[2:]) for i, row in rows]
        case ".csv":
            table = list(csv.reader(text.splitlines()))
            width = max(map(len, table), default=0)
            columns = zip(*(row + [""] * (width - len(row)) for row in table), strict=True)
            named = [
                (f"column {i}", head, list(cells)) for i, (head, *cells) in enumerate(columns, 1)
            ]
        case other:
            raise ReadError(path, f"ends in {other!r}, expected sets of genes: .gmt or .csv")
    sets: dict[str, tuple[str, ...]] = {}
    for where, name, cells in named:
        genes = tuple(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))
        if not name.strip() or not genes:
            raise ReadError(path, f"{where}: a set needs a name and a gene, found {name!r}")
        if name.strip() in sets:
            raise ReadError(path, f"{where}: the set {name.strip()!r} stands twice")
        sets[name.strip()] = genes
    if not sets:
        raise ReadError(path, "holds no set of genes")
    return sets
