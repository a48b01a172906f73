"""What to call a run: its head, and whatever else of its configuration is not as in the others."""

from collections.abc import Mapping, Sequence
from typing import Any

from fusion.config.run import RunConfig

Flat = Mapping[str, Any]

BESIDE = {"name", "question", "seed", "out", "cache", "data_root", "ckpt", "progress", "cohort"}
BESIDE |= {"split", "baseline", "evaluation", "audit", "loader.workers", "trainer.accelerator"}
BESIDE |= {"trainer.devices", "trainer.strategy", "trainer.threads"}
"""Settings that are no part of what is compared: where it ran, the fold, the replicate. That cohort
and clinical model are the same is checked, not labelled."""

_HEAD = "head."
_NAME = "head.name"
_MODALITIES = "modalities"


def labels(configs: Sequence[RunConfig]) -> list[str]:
    """A label for each run; runs that differ only by fold and seed share it.

    Settings of the head are told within brackets where heads of one name differ, others after a
    comma where any runs differ.
    """
    found = [_flat(config) for config in configs]
    outer = _varying([{k: v for k, v in f.items() if not k.startswith(_HEAD)} for f in found])
    return [
        ", ".join([_head(flat, found), *(f"{_short(k, outer)}={_text(flat, k)}" for k in outer)])
        for flat in found
    ]


def settings(configs: Sequence[RunConfig]) -> list[str]:
    """What a run has besides its head, so that a modality alone is found that was trained alike."""
    found = [{k: v for k, v in _flat(c).items() if not k.startswith(_HEAD)} for c in configs]
    varying = _varying(found)
    return [", ".join(f"{k}={_text(flat, k)}" for k in varying) for flat in found]


def _head(flat: Flat, every: Sequence[Flat]) -> str:
    alike = [
        {k: v for k, v in other.items() if k.startswith(_HEAD)}
        for other in every
        if other[_NAME] == flat[_NAME]
    ]
    keys = _varying(alike)
    if not keys:
        return str(flat[_NAME])
    if len(keys) == 1 and isinstance(flat.get(keys[0]), str):
        return f"{flat[_NAME]} ({flat[keys[0]]})"
    shown = ", ".join(f"{k.removeprefix(_HEAD)}={_text(flat, k)}" for k in keys)
    return f"{flat[_NAME]} ({shown})"


def _flat(config: RunConfig) -> Flat:
    plain = flatten(config.model_dump(mode="json"))
    kept = {
        k: v for k, v in plain.items() if not any(k == b or k.startswith(f"{b}.") for b in BESIDE)
    }
    return {**kept, _MODALITIES: sorted(config.modalities)}


def flatten(node: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted key -> value of the leaves.

    Example:
        >>> flatten({"head": {"name": "late", "hidden": 8}, "seed": 0})
        {'head.name': 'late', 'head.hidden': 8, 'seed': 0}
    """
    found: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(value, dict) and value:
            found |= flatten(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _varying(every: Sequence[Flat]) -> list[str]:
    """Keys whose values differ; those of a modality that some runs lack say no more than that."""
    keys = sorted({key for flat in every for key in flat})
    shared = set.intersection(*(set(flat.get(_MODALITIES, ())) for flat in every))
    return [
        key
        for key in keys
        if any(flat.get(key) != every[0].get(key) for flat in every)
        and not (key.startswith(f"{_MODALITIES}.") and key.split(".")[1] not in shared)
    ]


def _short(key: str, keys: Sequence[str]) -> str:
    """The last part of a key where no other has the same."""
    last = key.rpartition(".")[2]
    return last if sum(k.rpartition(".")[2] == last for k in keys) == 1 else key


def _text(flat: Flat, key: str) -> str:
    value = flat.get(key)
    if isinstance(value, list):
        return "+".join(map(str, value)) or "none"
    if value is None or value == {}:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
