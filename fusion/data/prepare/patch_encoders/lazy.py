"""A network that is loaded when it is first asked for, once, whichever thread asks."""

import threading
from collections.abc import Callable
from typing import Any


class Lazy:
    """Calls `load` once, and keeps what it gives; pickles without that: each process loads its own.

    Args:
        load: picklable.

    Example:
        >>> made = Lazy(list)
        >>> made.get() is made.get()
        True
    """

    def __init__(self, load: Callable[[], Any]) -> None:
        self.load = load
        self._lock = threading.Lock()
        self._made: Any = None

    def get(self) -> Any:
        """What was loaded."""
        with self._lock:
            if self._made is None:
                self._made = self.load()
            return self._made

    def __getstate__(self) -> dict[str, Any]:
        return {"load": self.load}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["load"])  # type: ignore[misc]
