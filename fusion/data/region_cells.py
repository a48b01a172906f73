"""What the manifest says of sampled regions: what each is, and where it was taken."""

from collections.abc import Iterable, Mapping

from fusion.data.entry import Entry, PlaceMm
from fusion.data.sheet import number
from fusion.errors import Fault

LABEL, PLACE = "region_label", "region_mm"


def region_problem(cells: Mapping[str, str]) -> str | None:
    """What is wrong with a row's label and place of its region.

    Example:
        >>> region_problem({"region": "", "region_label": "mutant"})
        "region_label 'mutant' of a row without a region; name the region, such as A1"
    """
    for column in (LABEL, PLACE):
        if cells.get(column) and not cells.get("region"):
            return (
                f"{column} {cells[column]!r} of a row without a region; name the region, such as A1"
            )
    place = region_place(cells)
    return place if isinstance(place, str) else None


def region_place(cells: Mapping[str, str]) -> PlaceMm | str | None:
    """Where the region was taken, or what is wrong with the cell; None where nobody says.

    Example:
        >>> region_place({"region_mm": "-31.5 12 40"})
        (-31.5, 12.0, 40.0)
        >>> region_place({"region_mm": "12 40"})
        "region_mm '12 40': expected x y z in millimetres (RAS), such as '-31.5 12 40'"
    """
    cell = cells.get(PLACE, "").strip()
    if not cell:
        return None
    values = [number(part) for part in cell.split()]
    x, y, z = values if len(values) == 3 else ("", "", "")
    if isinstance(x, str) or isinstance(y, str) or isinstance(z, str):
        return f"region_mm {cell!r}: expected x y z in millimetres (RAS), such as '-31.5 12 40'"
    return x, y, z


def region_faults(entries: Iterable[Entry], name: str) -> list[Fault]:
    """One region of a patient with two labels, or at two places."""
    faults = []
    first: dict[tuple[str, str], Entry] = {}
    for entry in sorted(entries, key=lambda entry: entry.line):
        if entry.region is None:
            continue
        same = first.setdefault((entry.patient_id, entry.region), entry)
        for what, mine, theirs in (
            (LABEL, entry.region_label, same.region_label),
            (PLACE, entry.region_mm, same.region_mm),
        ):
            if mine != theirs:
                message = (
                    f"region {entry.region}: {what} {mine} here, {theirs} on line {same.line}; "
                    "say the same on every row of a region"
                )
                faults.append(Fault(message, name, entry.line, entry.patient_id))
    return faults
