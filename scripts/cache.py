"""What lies in the cache of prepared volumes and slide features, whether it is whole, what may go.

    python scripts/cache.py ls
    python scripts/cache.py verify cache=/scratch/fusion
    python scripts/cache.py prune unused_days=90 largest_gb=200 yes=true

`ls` counts entries and bytes by modality and by what made them. `verify` reads every number and
compares it with the checksum; what is torn or changed is named, and made again by the next run once
`prune` has deleted it. `prune` deletes what is torn and left behind, what nobody read for
`unused_days`, and then the longest unused until `largest_gb` are left; without yes=true it only
says what it would delete. Nothing else holds what is deleted, but a run can make it again.

Exit codes: 0 done, 1 refused, or verify found a fault.
"""

import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from fusion.arguments import decimal, parse
from fusion.cli import guarded
from fusion.data.prepare.stock import (
    WHOLE,
    Stored,
    left_behind,
    remove,
    stock,
    to_prune,
    verify,
)
from fusion.errors import CacheError, ConfigError

ARGUMENTS = {
    "cache": "folder (default: .cache/fusion)",
    "unused_days": "prune: entries that nobody read for longer go (default: none)",
    "largest_gb": "prune: so much may stay (default: all)",
    "yes": "prune: true deletes (default: false, only say what would go)",
}
VERBS = ("ls", "verify", "prune")


def main() -> None:
    """Parse the verb, then do it."""
    verb, *rest = sys.argv[1:] or ["--help"]
    if verb in ("-h", "--help"):
        parse([], about=str(__doc__), allowed=ARGUMENTS)
    if verb not in VERBS:
        raise ConfigError(f"{verb!r} is none of {', '.join(VERBS)}; see --help")
    values = parse(rest, about=str(__doc__), allowed=ARGUMENTS) if rest else {}
    folder = Path(values.get("cache", ".cache/fusion"))
    entries = stock(folder)
    if verb == "ls":
        show(entries)
    elif verb == "verify":
        check(entries)
    else:
        go = {"true": True, "false": False}.get(values.get("yes", "false"))
        if go is None:
            raise ConfigError(f"yes={values['yes']}: expected true or false")
        largest = decimal(values, "largest_gb", None)
        chosen = to_prune(
            entries,
            unused_days=decimal(values, "unused_days", None),
            largest_bytes=None if largest is None else int(largest * 1e9),
        )
        paths = [*(e.path for e in chosen), *left_behind(folder)]
        size = gigabytes(sum(p.stat().st_size for p in paths))
        if go:
            remove(paths)
        print(f"{'deleted' if go else 'would delete'} {len(paths)} files, {size}")
        if paths and not go:
            print("add yes=true to delete them")


def show(entries: list[Stored]) -> None:
    """A line for each modality and each way in which its entries were made."""
    table = Table("cache", "made by", "entries", "size", "torn", box=None, pad_edge=False)
    kinds = Counter((e.sort, made_by(e)) for e in entries)
    for (sort, made), count in sorted(kinds.items()):
        mine = [e for e in entries if (e.sort, made_by(e)) == (sort, made)]
        torn = sum(e.meta is None for e in mine)
        table.add_row(sort, made, str(count), gigabytes(sum(e.size for e in mine)), str(torn or ""))
    Console(soft_wrap=True).print(table)
    print(f"{len(entries)} entries, {gigabytes(sum(e.size for e in entries))}")


def check(entries: list[Stored]) -> None:
    """Every entry; the faulty ones by name.

    Raises:
        CacheError: where one is torn or was changed.
    """
    found = [(e, verify(e)) for e in track(entries, "verifying", console=Console(stderr=True))]
    for verdict, count in sorted(Counter(v for _, v in found).items()):
        print(f"{count} {verdict}")
    faulty = [(e, v) for e, v in found if v not in (WHOLE, "no checksum")]
    for entry, verdict in faulty:
        print(f"{entry.path}: {verdict}{f', made of {entry.file}' if entry.file else ''}")
    if faulty:
        raise CacheError(
            f"{len(faulty)} of {len(found)} entries are faulty. Delete the files named above; the "
            "next run makes them again. Files that change by themselves speak of a failing disk"
        )


def made_by(entry: Stored) -> str:
    """In a few words."""
    made = (entry.meta or {}).get("made_by", {})
    encoder, tiling = made.get("encoder", {}), made.get("tiling", {})
    words = [str(encoder.get("name", "")), str(made.get("stain", {}).get("name", ""))]
    if tiling:
        words.append(f"{tiling['tile_px']} px at {tiling['mpp']:g} um/px")
    return ", ".join(w for w in words if w) or "-"


def gigabytes(size: int) -> str:
    """In GB, or MB where it is little."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    guarded(main)
