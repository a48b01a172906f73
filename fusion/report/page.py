"""A page from a template, with every text from outside escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, *folders: Path, **values: Any) -> str:
    """Render a template.

    Args:
        template: its file name.
        folders: where it is looked for, before the report's own templates.
        values: its names; one that the template asks for and is not given is an error.
    """
    environment = Environment(
        loader=FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
