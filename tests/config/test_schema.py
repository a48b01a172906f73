"""The schema in Python and the values in YAML name the same things."""

from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from fusion.config import modality, run, volume
from fusion.config.adapt import AdaptConfig
from fusion.config.compose import CONFIGS
from fusion.config.head import HeadConfig
from fusion.config.invariance import InvarianceConfig
from fusion.config.missing import MissingConfig
from fusion.config.modality import ModalityConfig, PatchEncoderConfig
from fusion.config.penalties import PenaltiesConfig
from fusion.config.split import SplitConfig
from fusion.config.task import TaskConfig


def options(union, key):
    """What a union, or one schema, lets `key` be."""
    return {name for kind in members(union) for name in get_args(kind.model_fields[key].annotation)}


def members(union):
    """The schemas of a union, which may have others and what pydantic notes of them inside."""
    if isinstance(union, type):
        return [union]
    return [schema for part in get_args(union) for schema in members(part)]


def written(group, key):
    """What the YAML files of a group say for `key`; file -> value."""
    found = {}
    for path in (CONFIGS / group).glob("*.yaml"):
        found[path.stem] = yaml.safe_load(path.read_text()).get(key)
    return found


@pytest.mark.parametrize(
    ("group", "union"),
    [
        ("adapt", AdaptConfig),
        ("head", HeadConfig),
        ("split", SplitConfig),
        ("invariance", InvarianceConfig),
        ("missing", MissingConfig),
    ],
)
def test_every_name_has_its_file_and_every_file_its_name(group, union):
    found = written(group, "name")
    assert options(union, "name") <= set(found)
    assert set(found.values()) <= options(union, "name")
    assert all(found[name] == name for name in options(union, "name"))


def test_every_penalty_has_its_file_and_every_file_its_penalty():
    files = {p.stem: yaml.safe_load(p.read_text()) for p in (CONFIGS / "penalties").glob("*.yaml")}
    assert files.pop("none") == {}
    assert {name: [name] for name in PenaltiesConfig.model_fields} == {
        name: list(values) for name, values in files.items()
    }
    for values in files.values():
        none = dict.fromkeys(PenaltiesConfig.model_fields)
        PenaltiesConfig.model_validate({**none, **values})


def test_every_kind_of_task_and_modality_has_a_file():
    assert set(written("task", "kind").values()) == options(TaskConfig, "kind")
    kinds = set(written("modality", "kind").values()) - {None}  # a file may build on another
    assert kinds == options(ModalityConfig, "kind")


def test_every_encoder_has_a_file():
    encoders = (
        volume.VolumeEncoderConfig,
        modality.BagEncoderConfig,
        modality.VectorEncoderConfig,
    )
    names = set().union(*(options(encoder, "name") for encoder in encoders))
    assert written("encoder", "name") == {name: name for name in names}


def test_every_builder_has_a_cohort():
    built = get_args(get_args(run.CohortConfig.model_fields["build"].annotation)[0])
    assert set(written("cohort", "build").values()) == {None, *built}


def test_the_offline_patch_encoder_is_the_default():
    slide = yaml.safe_load((CONFIGS / "modality" / "slide.yaml").read_text())
    assert {"/patch_encoder@patch_encoder": "texture"} in slide["defaults"]
    names = options(PatchEncoderConfig, "name")
    assert written("patch_encoder", "name") == {name: name for name in names}


def schemas(kind=BaseModel):
    return [s for child in kind.__subclasses__() for s in [child, *schemas(child)]]


@pytest.mark.parametrize(
    "schema",
    [s for s in schemas() if s.__module__.startswith("fusion.config")],
    ids=lambda s: s.__name__,
)
def test_every_schema_guesses_nothing(schema):
    """No default in Python: the YAML is the whole truth. Unknown keys and other types refused."""
    assert schema.model_config["extra"] == "forbid"
    assert schema.model_config["strict"]
    assert all(field.is_required() for field in schema.model_fields.values())
