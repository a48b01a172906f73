"""Slides embedded by the workers of a Dask cluster."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import track

from fusion.data.entry import Entry
from fusion.data.prepare.slide_store import SlideStore
from fusion.data.prepare.slide_work import slide_fault
from fusion.errors import ConfigError, Fault, ReadError


def embed_on_dask(store: SlideStore, entries: Sequence[Entry], address: str) -> list[Fault]:
    """Put into the cache what it lacks, a slide to a worker.

    Workers see the same folders under the same names: those of the slides and of the cache. An
    entry is what one process would have written, and two workers never write the same one. What
    a worker was doing when it died another takes up.

    Args:
        store: how slides are read and encoded, and where features go.
        entries: which slides.
        address: of the scheduler, such as `tcp://node1:8786`.

    Returns:
        A fault for each slide that cannot be used.

    Raises:
        ConfigError: where the library is absent, or nobody answers at the address.

    Source: Dask (Rocklin 2015).
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ConfigError(
            "dask=ADDRESS needs the library `distributed`: pip install 'fusion-onco[dask]'"
        ) from error
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise ConfigError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        work = client.map(_one, entries, store=store, pure=False)
        arriving = as_completed(work)
        shown = track(arriving, "slides", total=len(work), console=Console(stderr=True))
        found = [future.result() for future in shown]
    return sorted((f for f in found if f is not None), key=lambda fault: fault.line or 0)


def _one(entry: Entry, store: SlideStore) -> Fault | None:
    try:
        store.ensure(entry, lambda done, total: None)
    except ReadError as error:
        return slide_fault(error, entry)
    return None
