"""What a run may say about making centres alike, and what it builds from it."""

from typing import get_args

import pytest
import yaml

from fusion.config.compose import CONFIGS, compose
from fusion.config.harmonise import ComBatConfig, StainConfig
from fusion.config.parts.sources import build_sources
from fusion.data.harmonise.centers import RULES, CenterEffects
from fusion.data.harmonise.nyul import NyulScale
from fusion.data.harmonise.stain_target import StainTarget
from fusion.errors import ConfigError

FUSION = "+experiment=glioma_fusion"


def kinds(*overrides):
    sources = build_sources(compose([FUSION, *overrides]))
    return {name: [type(h) for h in source.harmonisers] for name, source in sources.items()}


def test_nothing_is_harmonised_unless_it_is_asked_for():
    assert kinds() == {"mri": [], "rna": [], "wsi": []}


def test_what_is_asked_for_is_built():
    assert kinds(
        "modalities.mri.normalise=nyul",
        "harmonise@modalities.rna.harmonise=combat",
        "harmonise@modalities.wsi.harmonise=combat_age_sex",
        "stain@modalities.wsi.stain=reinhard",
    ) == {"mri": [NyulScale], "rna": [CenterEffects], "wsi": [StainTarget, CenterEffects]}


def test_settings_reach_what_is_built():
    config = compose(
        [
            FUSION,
            "harmonise@modalities.rna.harmonise=combat_age_sex",
            "modalities.rna.harmonise.unseen=own",
            "modalities.rna.harmonise.minimum=7",
            "stain@modalities.wsi.stain=macenko",
            "modalities.wsi.stain.tiles=9",
        ]
    )
    sources = build_sources(config)
    (combat,), (stain,) = sources["rna"].harmonisers, sources["wsi"].harmonisers
    assert (combat.unseen, combat.minimum, combat.companion) == ("own", 7, "clinical")
    assert combat.covariates.columns == ("age", "sex")
    assert stain.spec() == {
        "name": "macenko",
        "version": 1,
        "white": 240.0,
        "min_density": 0.15,
        "percentile": 1.0,
        "tiles": 9,
    }


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("preserve.columns=[grade]", "'grade' of clinical is or defines the label of grade"),
        ("preserve.columns=[os_event]", "'os_event' .* is or defines the label of survival"),
        ("preserve.columns=[os_time_days]", "would lead the label into the inputs"),
        ("preserve.columns=[kps]", "'kps' of clinical is or defines the label of subtype"),
        ("preserve.columns=['a*']", "'a\\*' is a pattern; name each column"),
        ("preserve.columns=[age]", "categorical: sex is not among preserve.columns"),
        ("minimum=1", "minimum: Input should be greater than or equal to 2, found 1"),
        ("unseen=ignore", "unseen: 'ignore' does not exist"),
    ],
)
def test_what_must_not_be_is_refused(override, message):
    with pytest.raises(ConfigError, match=message):
        kinds(
            "harmonise@modalities.rna.harmonise=combat_age_sex",
            "+tasks.subtype.defining.clinical=['kp?']",
            f"modalities.rna.harmonise.{override}",
        )


def test_the_unseen_rule_does_no_harm_unless_told():
    """And every rule of the schema is one that there is."""
    assert set(get_args(ComBatConfig.model_fields["unseen"].annotation)) == set(RULES)
    values = yaml.safe_load((CONFIGS / "harmonise" / "combat.yaml").read_text())
    assert values["unseen"] == "leave"


def test_every_stain_has_its_file():
    options = [
        get_args(s.model_fields["name"].annotation)[0] for s in get_args(get_args(StainConfig)[0])
    ]
    for name in options:
        values = yaml.safe_load((CONFIGS / "stain" / f"{name}.yaml").read_text())
        assert values["name"] == name
    assert {path.stem for path in (CONFIGS / "stain").glob("*.yaml")} == set(options)
