"""The base of every schema: unknown keys and wrong types are refused, values do not change."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A schema that guesses nothing."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )
