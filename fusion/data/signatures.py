"""Sets of genes (families, pathways), and which columns of a vector each of them is."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fusion.errors import ConfigError, ReadError


class Signatures:
    r"""Gene sets of a file, to be matched to the columns that are inputs; travels in the bundle.

    Args:
        path: a GMT file (a line for each set: name, description, genes, between tabs) or a CSV
            file (a column for each set, headed by its name); read when first needed.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "sets.gmt"
        >>> _ = path.write_text("repair\tsource\tMGMT\tATM\ncycle\tsource\tCDK4\tATM\n")
        >>> Signatures(path).groups(["ATM", "CDK4", "EGFR"])
        {'repair': (0,), 'cycle': (1, 0)}
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._sets: Mapping[str, tuple[str, ...]] | None = None

    @property
    def sets(self) -> Mapping[str, tuple[str, ...]]:
        """Set -> genes.

        Raises:
            ReadError: for a file that is none of the two kinds.
        """
        if self._sets is None:
            self._sets = read_signatures(self.path)
        return self._sets

    def groups(self, columns: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Set -> places of its genes among the names of a vector's columns.

        A column that tells whether a gene is missing goes with the gene.

        Raises:
            ConfigError: naming each set without any gene among the columns.
        """
        place = {name: i for i, name in enumerate(columns)}
        found = {
            name: tuple(
                place[column]
                for gene in genes
                for column in (gene, f"{gene} missing")
                if column in place
            )
            for name, genes in self.sets.items()
        }
        empty = [f"{n!r} ({', '.join(self.sets[n][:3])}, ...)" for n in found if not found[n]]
        if empty:
            raise ConfigError(
                f"{self.path}: no gene of {len(empty)} of {len(found)} sets is among the "
                f"{len(columns)} columns: {', '.join(empty[:5])}"
                f"{' ...' if len(empty) > 5 else ''}; take these sets out of the file, or keep "
                "their genes (table.select_variance, table.columns)"
            )
        return found

    def state(self) -> dict[str, Any]:
        """JSON-able."""
        return {name: list(genes) for name, genes in self.sets.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of the file."""
        self._sets = {name: tuple(genes) for name, genes in state.items()}

    def sentences(self, modality: str, columns: Sequence[str]) -> list[str]:
        """What a reader must know: genes that are not there, and columns that are not used."""
        there, groups, said = set(columns), self.groups(columns), []
        absent = {n: [g for g in genes if g not in there] for n, genes in self.sets.items()}
        genes = sorted({gene for lost in absent.values() for gene in lost})
        if genes:
            worst = max(absent, key=lambda name: len(absent[name]))
            said.append(
                f"{modality}: {len(genes)} of {len({g for s in self.sets.values() for g in s})} "
                f"genes of the sets in {self.path.name} are no inputs ({', '.join(genes[:5])}"
                f"{' ...' if len(genes) > 5 else ''}); {worst} lacks most, {len(absent[worst])} "
                f"of {len(self.sets[worst])}."
            )
        unused = len(columns) - len({place for places in groups.values() for place in places})
        if unused:
            said.append(
                f"{modality}: {unused} of {len(columns)} columns are in none of the {len(groups)} "
                "sets and are no inputs."
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
