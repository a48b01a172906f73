"""First weights of an encoder of volumes, learned from one's own volumes without labels."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from safetensors.torch import save_file

from fusion.config.parts.encoders import build_encoder
from fusion.config.parts.sources import build_sources
from fusion.config.run import RunConfig
from fusion.config.volume import VolumeConfig
from fusion.data.cohort import Cohort, Files
from fusion.data.layout import layout
from fusion.data.sources.volume import VolumeSource
from fusion.data.split import Split
from fusion.encoders.base import Encoder
from fusion.encoders.reconstruct import Reconstruction
from fusion.encoders.weights_names import network_weights
from fusion.errors import ConfigError
from fusion.lit.learn_masked import learn_masked
from fusion.lit.masked import DrawnVolumes, LitMasked
from fusion.lit.seed import seed_everything
from fusion.report.publish import publish
from fusion.run.first_weights import network_of
from fusion.run.pretrain_begun import begin
from fusion.run.pretrain_volumes_picture import picture
from fusion.run.pretrain_who import learned_from
from fusion.run.volume_card import CARD, reads

WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class MaskedPretraining:
    """How to learn; what is read, and by which network, the configuration of the run says."""

    modality: str
    block: int
    ratio: float
    draws: int
    epochs: int
    batch: int
    lr: float
    seed: int
    accelerator: str
    workers: int


def pretrain_volumes(
    config: RunConfig, cohort: Cohort, split: Split | None, asked: MaskedPretraining, out: Path
) -> Path:
    """Learn from the training patients' volumes; a stopped training goes on where it was.

    Args:
        config: of the run that will begin with these weights.
        cohort: whose volumes.
        split: whose training patients; None takes every patient of the cohort, and a run with
            these weights then refuses to test on any of them.
        asked: how.
        out: gets `card.json` and `model.safetensors`, which `encoder.weights` takes, and
            `reconstruction.png`.

    Returns:
        `out`.

    Raises:
        ConfigError: where nobody has such volumes, they are fewer than a batch, or `out` holds
            another pretraining.
    """
    modality = volumes_of(config, asked.modality)
    patients = set(cohort.patients) if split is None else set(split.train)
    source = build_sources(blind(config, asked.modality))[asked.modality]
    assert isinstance(source, VolumeSource)
    files = usable({p: r for p, r in cohort.files(asked.modality).items() if p in patients}, source)
    if not files:
        raise ConfigError(f"none of {len(patients)} patients has {asked.modality} that can be used")
    source.fit(files)
    volumes = DrawnVolumes(source, files, draws=asked.draws, seed=asked.seed)
    if len(volumes) < asked.batch:
        raise ConfigError(
            f"{len(files)} patients with {asked.draws} draws each are fewer than a batch of "
            f"{asked.batch}; lower batch, or raise draws"
        )
    settings = asdict(asked) | {"reads": reads(modality), "encoder": encoder_of(modality)}
    settings |= {"shape": modality.shape, "cohort": cohort.fingerprint()}
    elsewhere = ("accelerator", "workers")
    begin(out / "work", {k: v for k, v in settings.items() if k not in elsewhere}, files)
    Console().print(
        f"[bold]learning[/] {network_of(modality)} from volumes of {len(files)} patients"
    )
    seed_everything(asked.seed)
    encoder = build_encoder(modality, layout(source))
    first = volumes[[(0, 0)]].image
    module = LitMasked(
        model=Reconstruction(encoder, channels=source.width, shape=(*first.shape[2:],)),
        block=asked.block,
        ratio=asked.ratio,
        flip=modality.augment.flip,
        drop_sequences=modality.augment.drop_sequences,
        lr=asked.lr,
        epochs=asked.epochs,
        seed=asked.seed,
    )
    learn_masked(
        module,
        volumes,
        folder=out / "work",
        batch=asked.batch,
        epochs=asked.epochs,
        seed=asked.seed,
        accelerator=asked.accelerator,
        workers=asked.workers,
    )
    shutil.copy(out / "work" / "history.csv", out / "history.csv")
    publish(out / "reconstruction.png", picture(module, volumes, modality.sequences))
    _save(encoder, modality, out)
    publish(
        out / CARD, (json.dumps(_card(settings, cohort, files, split), indent=2) + "\n").encode()
    )
    return out


def volumes_of(config: RunConfig, name: str) -> VolumeConfig:
    """The configuration of a modality of volumes that begins with nothing yet.

    Raises:
        ConfigError: for another modality, or one that names weights or a bundle.
    """
    modality = config.modalities.get(name)
    if not isinstance(modality, VolumeConfig):
        there = [n for n, m in config.modalities.items() if isinstance(m, VolumeConfig)]
        raise ConfigError(
            f"modality={name}: no volumes of this experiment; it has {', '.join(there) or 'none'}"
        )
    if modality.encoder.weights is not None or modality.adapt.start is not None:
        raise ConfigError(
            f"modalities.{name} begins with weights already; pretraining begins with none, so that "
            "its card names everybody whom the network has met"
        )
    return modality


def blind(config: RunConfig, name: str) -> RunConfig:
    """The same run with this modality alone, whose parts are drawn without a look at outlines."""
    modality = volumes_of(config, name)
    if modality.outline is not None:
        outline = modality.outline.model_copy(update={"foreground": 0.0})
        modality = modality.model_copy(update={"outline": outline})
    return config.model_copy(update={"modalities": {name: modality}})


def usable(files: Files, source: VolumeSource) -> Files:
    """Prepare volumes; say who is gone on without, and why."""
    faults = source.prepare(files)
    for fault in faults:
        Console().print(f"    {fault}", soft_wrap=True)
    failed = {fault.patient for fault in faults}
    return {p: rows for p, rows in files.items() if p not in failed}


def encoder_of(modality: VolumeConfig) -> dict[str, Any]:
    """What decides the network's tensors."""
    encoder = modality.encoder
    return {
        "network": network_of(modality),
        **encoder.model_dump(include={"name", "width", "layers"}),
    }


def _save(encoder: Encoder, modality: VolumeConfig, out: Path) -> None:
    weights = network_weights(encoder, network_of(modality))
    save_file({name: value.contiguous() for name, value in weights.items()}, out / WEIGHTS)


def _card(
    settings: dict[str, Any], cohort: Cohort, files: Files, split: Split | None
) -> dict[str, Any]:
    return {
        **settings["encoder"],
        "reads": settings["reads"],
        "method": "masked autoencoder (He 2022), simple (SimMIM, Xie 2022)",
        "licence": "that of the volumes it learned from",
        "settings": settings,
        **learned_from(cohort, split, files),
    }
