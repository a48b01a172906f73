"""A part of the work, for one of several machines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from fusion.errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True)
class Shard:
    """The `number`-th of `of` parts, counted from 1.

    Example:
        >>> [Shard.parse(f"{i}/3").of_all(list("abcdefg")) for i in (1, 2, 3)]
        [['a', 'd', 'g'], ['b', 'e'], ['c', 'f']]
    """

    number: int
    of: int

    @staticmethod
    def parse(text: str) -> "Shard":
        """Read `3/16`.

        Raises:
            ConfigError: for anything else.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        shard = Shard(int(found[1]), int(found[2])) if found else Shard(0, 0)
        if not 1 <= shard.number <= shard.of:
            raise ConfigError(
                f"shard={text}: expected NUMBER/OF with NUMBER from 1 to OF, such as 3/16; in a "
                "Slurm array of 1-16: shard=$SLURM_ARRAY_TASK_ID/16"
            )
        return shard

    def of_all(self, things: Sequence[T]) -> list[T]:
        """Every `of`-th thing, so that parts are alike where neighbours are."""
        return list(things[self.number - 1 :: self.of])

    @property
    def suffix(self) -> str:
        """For the name of a file; empty for all of the work.

        Example:
            >>> Shard(3, 16).suffix, Shard(1, 1).suffix
            ('_3_of_16', '')
        """
        return "" if self.of == 1 else f"_{self.number}_of_{self.of}"
