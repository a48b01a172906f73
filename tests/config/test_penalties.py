"""Each penalty by its YAML, and what is refused before training."""

import pytest

from fusion.config.compose import CONFIGS, compose
from fusion.config.parts.model import build_model
from fusion.config.parts.penalties import build_blending, build_penalties, check_penalties
from fusion.data.layout import Layout
from fusion.errors import ConfigError
from fusion.heads.variational import VariationalBottleneck
from fusion.penalties.blending import Blending
from fusion.penalties.contrastive import Contrastive
from fusion.penalties.orthogonal import Orthogonal

FUSION = "+experiment=glioma_fusion"
DIMS = {"mri": 8, "rna": 8, "wsi": 16}


def built(*more, dims=DIMS):
    config = compose([FUSION, *more]).penalties
    blending = build_blending(config, dims=dims, out_features=2, seed=0)
    return [*build_penalties(config, dims=dims, seed=0), *([blending] if blending else [])]


def test_none_is_the_default():
    assert built() == []


def test_one_or_several_are_switched_on():
    [one] = built("penalties=orthogonal", "penalties.orthogonal.factor=0.2")
    assert isinstance(one, Orthogonal)
    assert one.factor == 0.2
    kinds = [type(p) for p in built("penalties=[blending,contrastive,orthogonal]")]
    assert kinds == [Orthogonal, Contrastive, Blending]


def test_models_of_one_modality_train_without():
    assert built("penalties=[blending,contrastive,orthogonal]", dims={"rna": 8}) == []


@pytest.mark.parametrize("head", ["early", "offset"])
def test_the_bottleneck_is_in_the_model_around_what_fuses(head):
    more = [] if head == "early" else ["+modality@modalities.clinical=baseline_table"]
    found = compose([FUSION, f"head={head}", *more, "penalties=bottleneck_kl"])
    tables = {m: c for m, c in found.modalities.items() if m in ("rna", "clinical")}
    models = [
        build_model(
            tables,
            found.head,
            layouts={m: Layout(5) for m in tables},
            out_features=2,
            missing=found.missing,
            modality_dropout=0.0,
            seed=0,
            bottleneck=bottleneck,
        )
        for bottleneck in (None, found.penalties.bottleneck_kl)
    ]
    plain, squeezed = (m.head if head == "early" else m.head.head for m in models)
    assert isinstance(squeezed, VariationalBottleneck)
    assert squeezed.factor == 0.001
    assert type(squeezed.head) is type(plain)
    weights = squeezed.head.state_dict()
    assert all((weights[name] == value).all() for name, value in plain.state_dict().items())


@pytest.mark.parametrize(
    ("more", "modalities", "message"),
    [
        (["penalties=[blending,orthogonal]"], ("rna",), "orthogonal, blending compare modalities"),
        (["penalties=contrastive", "head=ensemble"], ("mri", "rna"), "contrastive with head=ens"),
    ],
)
def test_what_could_do_nothing_is_refused(more, modalities, message):
    config = compose([FUSION, *more])
    with pytest.raises(ConfigError, match=message):
        check_penalties(config.penalties, modalities, config.head)


def test_the_bottleneck_alone_goes_with_one_modality():
    config = compose([FUSION, "penalties=bottleneck_kl"])
    check_penalties(config.penalties, ("rna",), config.head)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("penalties=orthogonall", r"did you mean orthogonal\?"),
        ("penalties=[orthogonal,blendin]", r"did you mean blending\?"),
        ("+penalties.orthogonall=null", r"did you mean orthogonal\?"),
        ("penalties=contrastive penalties.contrastive.temperature=0", "greater than 0"),
        ("penalties=blending penalties.blending.least=0.5", "less than 0.5"),
    ],
)
def test_what_is_misspelt_is_refused(override, message):
    with pytest.raises(ConfigError, match=message):
        compose([FUSION, *override.split()])


def test_every_penalty_has_its_section_in_the_documentation():
    text = (CONFIGS.parent / "docs" / "penalties.md").read_text()
    names = {path.stem for path in (CONFIGS / "penalties").glob("*.yaml")} - {"none"}
    assert [name for name in sorted(names) if f"\n## `{name}`" not in text] == []
