"""The YAML beside this file -> checklists."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fusion.errors import ConfigError
from fusion.report.checklists.item import Checklist, Item
from fusion.report.checklists.rules import RULES

STEMS = ("tripod_ai", "claim_2024", "probast_ai", "metrics")
"""In the order of the page."""

_FOLDER = Path(__file__).parent


def load_checklists() -> tuple[Checklist, ...]:
    """All of them.

    Raises:
        ConfigError: for a key or a rule that does not exist, or an id that stands twice.
    """
    return tuple(_checklist(stem) for stem in STEMS)


def _checklist(stem: str) -> Checklist:
    path = _FOLDER / f"{stem}.yaml"
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        items = tuple(Item(**{**item, "id": str(item["id"])}) for item in content["items"])
        requires = tuple(content.get("requires", ()))
        about = {k: v for k, v in content.items() if k not in ("items", "requires")}
        checklist = Checklist(stem=stem, **about, items=items, requires=requires)
    except (TypeError, KeyError) as error:
        raise ConfigError(f"{path.name}: {error}; see `Checklist` and `Item`") from error
    ids = [item.id for item in items]
    for item in items:
        if ids.count(item.id) > 1:
            raise ConfigError(f"{path.name}: item {item.id} stands twice")
        if item.rule is not None and item.rule not in RULES:
            raise ConfigError(f"{path.name}: item {item.id}: there is no rule {item.rule!r}")
    return checklist
