"""A table as a whole, and centre by centre."""

from collections.abc import Iterator

import pandas as pd


def by_center(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """`all`, then each centre where there are several; nothing of an empty table.

    Args:
        table: with `center` as a column or as a level of the index.

    Example:
        >>> [name for name, _ in by_center(pd.DataFrame({"center": ["B", "A", "B"]}))]
        ['all', 'A', 'B']
    """
    if len(table):
        yield "all", table
        centers = table.groupby("center", sort=True)
        if centers.ngroups > 1:
            for name, some in centers:
                yield str(name), some
