"""The `name=value` command line of the project's scripts."""

import math
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from fusion.errors import ConfigError

Default = TypeVar("Default", float, None)


def parse(
    argv: Sequence[str], *, about: str, allowed: Mapping[str, str], required: Sequence[str] = ()
) -> dict[str, str]:
    """Read `name=value` arguments as text; print the help and exit where it is asked for.

    Args:
        argv: without the program's name. Nothing at all, `-h` or `--help` asks for the help.
        about: what the script does, and an example of its use.
        allowed: what each name means, in the order of the help.
        required: names that must be given.

    Raises:
        ConfigError: for a name that is unknown (with the nearest one), given twice, without a
            value, or required and not given.

    Example:
        >>> parse(["cohort=data/a=b"], about="", allowed={"cohort": "its folder"})
        {'cohort': 'data/a=b'}
        >>> parse(["cohrt=data"], about="", allowed={"cohort": "its folder"})
        Traceback (most recent call last):
        fusion.errors.ConfigError: unknown argument 'cohrt=data'; did you mean cohort=...?
    """
    if not argv or {"-h", "--help"} & set(argv):
        sys.stdout.write(explain(about, allowed, required))
        raise SystemExit(0)
    values: dict[str, str] = {}
    for argument in argv:
        name, equals, value = argument.partition("=")
        if name.lstrip("+-") not in allowed or (name not in allowed and equals):
            near = get_close_matches(name.lstrip("+-"), allowed, n=1)
            hint = f"did you mean {near[0]}=...?" if near else f"there are {', '.join(allowed)}"
            raise ConfigError(f"unknown argument {argument[:80]!r}; {hint}")
        if not value:
            raise ConfigError(f"{argument!r} has no value; write {name.lstrip('+-')}=VALUE")
        if name in values:
            raise ConfigError(f"{name} is given twice: {values[name]!r} and {value!r}; keep one")
        values[name] = value
    missing = [name for name in required if name not in values]
    if missing:
        raise ConfigError(
            f"{missing[0]}=... is not given ({allowed[missing[0]]}); see --help for the rest"
        )
    return values


def whole(values: Mapping[str, str], name: str, default: int, *, lowest: int = 1) -> int:
    """A whole number, not below `lowest`.

    Raises:
        ConfigError: where it is something else.

    Example:
        >>> whole({"workers": "4"}, "workers", 2), whole({}, "workers", 2)
        (4, 2)
    """
    text = values.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < lowest:
        raise ConfigError(f"{name}={text}: expected a whole number, {lowest} or more")
    return int(text)


def decimal(values: Mapping[str, str], name: str, default: Default) -> float | Default:
    """A number of 0 or more.

    Raises:
        ConfigError: where it is something else.

    Example:
        >>> decimal({"days": "1.5"}, "days", None), decimal({}, "days", None)
        (1.5, None)
    """
    text = values.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ConfigError(f"{name}={text}: expected a number, 0 or more")
    return number


def split_asked_for(values: Mapping[str, str]) -> Path | None:
    """File of the split whose training patients are learned from; None for every patient.

    Args:
        values: of the command line: `split=FILE`, or `patients=all`.

    Raises:
        ConfigError: for neither, or both.

    Example:
        >>> split_asked_for({"split": "runs/a/split.json"}).name
        'split.json'
    """
    if ("split" in values) == (values.get("patients") == "all"):
        raise ConfigError(
            "give split=RUN/split.json, to learn from its training patients alone, or patients=all "
            "where no run will test on any patient of this cohort; not both"
        )
    return Path(values["split"]) if "split" in values else None


def explain(about: str, allowed: Mapping[str, str], required: Sequence[str]) -> str:
    """The help.

    Example:
        >>> print(explain("Count.", {"cohort": "its folder", "out": "where to"}, ["cohort"]))
        Count.
        <BLANKLINE>
          cohort=...  its folder (needed)
          out=...     where to
        <BLANKLINE>
    """
    width = max(map(len, allowed)) + 4
    lines = [
        f"  {name + '=...':{width}}  {text}{' (needed)' if name in required else ''}"
        for name, text in allowed.items()
    ]
    return "\n".join([about.strip(), "", *lines, ""])
