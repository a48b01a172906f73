"""Fit a LitFusion: checkpoints and early stopping on validation only, resumable to the bit."""

import importlib.util
import logging
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from torch.utils.data import DataLoader

from fusion.data.prefetch import Prefetched
from fusion.data.sample import Batch
from fusion.data.sampler import BudgetSampler
from fusion.errors import Interrupted, TrainingError
from fusion.lit.history import History
from fusion.lit.interrupt import EXIT_CODES, Interrupt
from fusion.lit.module import LitFusion
from fusion.lit.order import Order
from fusion.lit.start import Start


def fit(
    *,
    module: LitFusion,
    train: DataLoader[Batch] | Prefetched,
    val: DataLoader[Batch],
    folder: Path,
    resume_command: str,
    checkpoint: Path | None,
    accelerator: str,
    devices: int,
    strategy: str,
    precision: str,
    max_epochs: int,
    patience: int,
    gradient_clip: float,
    accumulate: int,
    deterministic: bool,
    progress: bool,
    also: Sequence[lightning.Callback] = (),
) -> Path:
    """Train, and return the checkpoint of the epoch with the lowest validation loss.

    Args:
        module: what is trained, in place.
        train: batches from a `BudgetSampler`.
        val: batches of the validation patients; nothing else ever chooses an epoch.
        folder: of the run; gets `checkpoints/`, `history.csv` and, where installed, TensorBoard.
        resume_command: told to the user after an interruption.
        checkpoint: to resume from, or None.
        accelerator: cpu, gpu, or what else Lightning knows; nothing is fallen back to.
        devices: how many.
        strategy: auto, or ddp_find_unused_parameters_true: a rank may lack a modality.
        precision: 32-true, bf16-mixed, 16-mixed.
        max_epochs: at most.
        patience: epochs without a lower validation loss before stopping.
        gradient_clip: norm; 0 for none.
        accumulate: batches for each step of the optimiser.
        deterministic: refuse operations without a deterministic implementation.
        progress: show a bar on a terminal, or a line for each epoch elsewhere.
        also: what else acts between the steps: stage-wise unfreezing, gradient blending,
            or a `Start`, with which the model before training is one of those to choose among.

    Raises:
        Interrupted: after a signal, with the checkpoint saved.
        TrainingError: where no epoch finished with a finite validation loss.
    """
    checkpoints = folder / "checkpoints"
    last = checkpoints / "last.ckpt"
    interrupt = Interrupt(checkpoint=last, resume=resume_command)
    best = ModelCheckpoint(
        dirpath=checkpoints,
        filename="best",
        monitor="val_loss",
        enable_version_counter=False,  # a resumed run goes on with the same two files
    )
    # `save_last` of the other would only save it when it saves the best, and lose what came after
    newest = ModelCheckpoint(dirpath=checkpoints, filename="last", enable_version_counter=False)
    start = next((callback for callback in also if isinstance(callback, Start)), None)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # tips and advertisements
    on_terminal = sys.stdout.isatty()
    sampler = train.batch_sampler
    assert isinstance(sampler, BudgetSampler)
    callbacks: list[lightning.Callback] = [
        Order(sampler=sampler),
        interrupt,
        History(path=folder / "history.csv", lines=progress and not on_terminal),
        EarlyStopping(monitor="val_loss", patience=patience, check_finite=True),
        best,
        newest,  # behind the best, whose state it holds
        *also,
    ]
    if progress and on_terminal:
        callbacks.append(RichProgressBar(leave=False))
    if checkpoint is not None:
        skip_done_batches(sampler, checkpoint)
    trainer = lightning.Trainer(
        accelerator=accelerator,
        devices=devices,
        strategy=strategy,
        precision=precision,  # type: ignore[arg-type]
        max_epochs=max_epochs,
        gradient_clip_val=gradient_clip or None,
        accumulate_grad_batches=accumulate,
        deterministic=deterministic,
        callbacks=callbacks,
        logger=loggers(folder),
        use_distributed_sampler=False,  # the budget sampler deals batches to the ranks itself
        enable_progress_bar=progress and on_terminal,
        enable_model_summary=False,
        num_sanity_val_steps=0 if start is None or checkpoint is not None else -1,
        log_every_n_steps=1,
        default_root_dir=folder,
    )
    with warnings.catch_warnings():
        # true, and taken care of by the sampler's skip
        warnings.filterwarnings("ignore", ".*resuming from a checkpoint that ended before.*")
        warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
        # every rank validates everything, so there is nothing to add up
        warnings.filterwarnings("ignore", ".*when logging on epoch level in distributed.*")
        warnings.filterwarnings("ignore", ".*Grad strides do not match bucket view strides.*")
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*Checkpoint directory .* exists and is not empty.*")
        trainer.fit(module, train, val, ckpt_path=checkpoint, weights_only=True)
    if interrupt.caught is not None:
        number = interrupt.caught
        raise Interrupted(number.name, EXIT_CODES[number], resume_command)
    if not best.best_model_path:
        raise TrainingError(
            "no epoch ended with a finite validation loss; is there a validation patient with a "
            "label for each task?"
        )
    assert best.best_model_score is not None
    if start is not None and start.as_good_as(float(best.best_model_score)):
        return start.path
    return Path(best.best_model_path)


def loggers(folder: Path) -> list[Logger]:
    """TensorBoard where it is installed; the CSV is written by `History`."""
    if importlib.util.find_spec("tensorboard") is None:
        return []
    return [TensorBoardLogger(save_dir=folder, name="", version="tensorboard")]


def read_checkpoint(path: Path) -> dict:
    """Load a checkpoint of Lightning as tensors and plain values; pickled code is refused."""
    loaded: dict = torch.load(path, map_location="cpu", weights_only=True)
    return loaded


def skip_done_batches(sampler: BudgetSampler, checkpoint: Path) -> None:
    """Tell the sampler which batches of the interrupted epoch are done."""
    callbacks = read_checkpoint(checkpoint)["callbacks"]
    place = next(state for name, state in callbacks.items() if name.startswith("Interrupt"))
    sampler.skip = (place["epoch"], place["batches"])
    # Lightning draws the first batches of a resumed run before any epoch starts
    sampler.set_epoch(place["epoch"])
