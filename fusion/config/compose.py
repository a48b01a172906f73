"""YAML and command line -> RunConfig: the only import of Hydra."""

import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

import fusion
from fusion.config.run import RunConfig
from fusion.errors import ConfigError

PACKAGE = Path(fusion.__file__).parent
CONFIGS = next(c for c in (PACKAGE / "configs", PACKAGE.parent / "configs") if c.is_dir())
"""Inside the wheel, or beside the package in a checkout."""


def compose(overrides: Sequence[str]) -> RunConfig:
    """What `python train.py OVERRIDES` would run.

    Raises:
        ConfigError: naming what is misspelt or mistyped, and the nearest valid name.

    Example:
        >>> compose(["+experiment=glioma_fusion", "seed=3"]).seed
        3
    """
    with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
        try:
            config = hydra.compose("train", overrides=list(overrides))
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(explain(error, overrides)) from None
        except ValueError as error:  # head=null; Hydra says no more than this
            raise ConfigError(f"{error}: {' '.join(overrides)}") from None
        return validated(config)


def explain(error: Exception, overrides: Sequence[str]) -> str:
    """Hydra's message, and the nearest name for each override that does not exist."""
    message = str(error).split("\nConfig search path")[0]
    hints = []
    known = names([o for o in overrides if o.lstrip("+~").partition("=")[0] not in message])
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        options = known.get(key.partition("@")[0])
        if options is not None:  # a group: head=atention
            asked = [v.strip() for v in value.strip("[]").split(",") if v.strip() not in options]
            close = [c for v in asked for c in get_close_matches(v, options, n=1)]
        else:
            keys = [k for k in known[""] if "." in k] if "." in key else known[""]
            group = [key.rpartition(".")[2]]  # head.missing: what is a group of its own
            close = group if group[0] in known else get_close_matches(key, keys, n=1)
            close = [] if key in known[""] else close
        hints += [f"{override}: did you mean {c}?" for c in close]
    return "\n".join([message, *hints])


def names(overrides: Sequence[str]) -> dict[str, list[str]]:
    """Group -> its options; under the empty name, every key of the configuration."""
    groups = {
        group.name: sorted(path.stem for path in group.glob("*.yaml"))
        for group in sorted(CONFIGS.iterdir())
        if group.is_dir()
    }
    try:
        config = hydra.compose("train", overrides=list(overrides))
    except (HydraException, OmegaConfBaseException):  # several overrides are wrong at once
        config = hydra.compose("train")
    return {**groups, "": list(flatten(OmegaConf.to_container(config, resolve=False)))}


def flatten(node: Any, prefix: str = "") -> list[str]:
    """Dotted keys of nested dicts, inner nodes included."""
    if not isinstance(node, dict):
        return []
    here = [f"{prefix}{key}" for key in node]
    return here + [name for key in node for name in flatten(node[key], f"{prefix}{key}.")]


def validated(config: DictConfig) -> RunConfig:
    """Hold the composed values against the schema.

    Raises:
        ConfigError: listing every value that does not fit.
    """
    plain = OmegaConf.to_container(config, resolve=False)
    missing = unfilled(plain)
    if missing:
        experiments = ", ".join(sorted(p.stem for p in (CONFIGS / "experiment").glob("*.yaml")))
        raise ConfigError(
            f"no value for {', '.join(missing)}. Choose an experiment, for example "
            f"+experiment=glioma_fusion (there are: {experiments}), or give the values"
        )
    try:
        values = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:  # a value that stands for another one, ${...}
        raise ConfigError(f"{error.full_key}: {str(error).splitlines()[0]}") from None
    return parse(values)


def unfilled(node: Any, prefix: str = "") -> list[str]:
    """Dotted keys that have no value yet; a key may hold a dot itself.

    Example:
        >>> unfilled({"name": "???", "accept": {"label/rna.TP53": "true", "x.y": "???"}})
        ['name', 'accept.x.y']
    """
    if not isinstance(node, dict):
        return [prefix] if node == MISSING else []
    inside = f"{prefix}." if prefix else ""
    return [name for key, value in node.items() for name in unfilled(value, f"{inside}{key}")]


def parse(values: Any) -> RunConfig:
    """Plain values, from YAML or from a bundle, -> RunConfig.

    Raises:
        ConfigError: listing every value that does not fit.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        many = len(error.errors())
        noun = "value does" if many == 1 else "values do"
        lines = [f"{many} {noun} not fit the configuration:"]
        for fault in error.errors():
            lines.append(f"  {sentence(fault, values)}")
        raise ConfigError("\n".join(lines)) from None


def sentence(fault: Any, values: Any) -> str:
    """One fault of the schema, with the nearest name where a key is unknown."""
    place, node = [], values
    for step in fault["loc"]:  # the tag of a union stands in the place, but not in the values
        inside = isinstance(node, dict) and step in node
        if inside or (isinstance(node, list) and isinstance(step, int)):
            place.append(str(step))
            parent, node = node, node[step]
    name = ".".join(place) or ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        close = get_close_matches(place[-1], [k for k in parent if k != place[-1]], n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"{name}: there is no such setting{hint}"
    if fault["type"] == "missing":
        return f"{name}: {fault['loc'][-1]} is missing"
    found, expected = fault["input"], fault.get("ctx", {}).get("expected", "")
    if fault["type"] == "union_tag_invalid":
        expected, found = fault["ctx"]["expected_tags"], fault["ctx"]["tag"]
        name = f"{name}.{fault['ctx']['discriminator'].strip(chr(39))}"
    close = get_close_matches(str(found), re.findall("'(.+?)'", expected), n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; expected {expected}" if expected else ""
    message = f"{found!r} does not exist" if expected else f"{fault['msg']}, found {found!r}"
    return f"{name}: {message}{hint}"


def launch(run: Callable[[RunConfig, Path, Sequence[str]], None]) -> None:
    """Hand configuration, folder and overrides to `run`, once for each job of a sweep."""
    arguments = sys.argv[1:]
    plain = [a for a in arguments if not a.startswith("-")]
    if len(plain) == len(arguments):  # no --help, --cfg or --multirun: check first, speak plainly
        compose(plain)

    @hydra.main(config_path=str(CONFIGS), config_name="train", version_base="1.3")
    def main(config: DictConfig) -> None:
        job = HydraConfig.get()
        run(validated(config), Path(job.runtime.output_dir), list(job.overrides.task))

    main()
