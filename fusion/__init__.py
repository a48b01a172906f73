"""fusion: radiology, pathology and genomics, fused into answers about a tumour.

Research use only; no output claims clinical validity.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fusion.data.cohort import Cohort as Cohort
    from fusion.data.split import Split as Split
    from fusion.run.bundle import Bundle as Bundle
    from fusion.run.bundle import load_bundle as load_bundle

_HOMES = {
    "Bundle": "fusion.run.bundle",
    "Cohort": "fusion.data.cohort",
    "Split": "fusion.data.split",
    "load_bundle": "fusion.run.bundle",
}
"""Public names, imported when asked for: `import fusion` alone costs no torch."""

__all__ = ["Bundle", "Cohort", "Split", "__version__", "load_bundle"]


def __getattr__(name: str) -> Any:
    """Import a public name from where it lives."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'fusion' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
