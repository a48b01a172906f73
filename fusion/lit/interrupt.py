"""A run that is told to stop saves a checkpoint first, and says how to go on."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from fusion.errors import Interrupted

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 75}
"""Shell convention for the first two; 75 (EX_TEMPFAIL) tells a scheduler to queue it again."""


class Interrupt(Callback):
    """Turns SIGINT, SIGTERM and SIGUSR1 into: finish the step, save `last.ckpt`, raise.

    The handler only sets a flag: saving inside a handler can hang. Lightning alone exits with 0
    and without a checkpoint on SIGTERM. A second signal stops the process at once.

    Args:
        checkpoint: where the state goes.
        resume: the command that goes on from there.
    """

    def __init__(self, *, checkpoint: Path, resume: str) -> None:
        self.checkpoint = checkpoint
        self.resume = resume
        self.caught: signal.Signals | None = None
        self.batch_end: tuple[int, int] = (0, 0)
        """(epoch, batches of it that are done) at the time of saving."""
        self.before: dict[signal.Signals, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        """Where in the epoch the checkpoint was taken; the sampler skips to there."""
        return {"epoch": self.batch_end[0], "batches": self.batch_end[1]}

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Take over the signals, after Lightning has."""
        handler: Callable[[int, FrameType | None], None] = self.handle
        self.before = {number: signal.signal(number, handler) for number in EXIT_CODES}

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Remember the signal."""
        if self.caught is not None:
            os._exit(EXIT_CODES[signal.Signals(number)])
        self.caught = signal.Signals(number)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and stop, unless the epoch is about to end: then its validation comes first."""
        self.batch_end = (trainer.current_epoch, batch_idx + 1)
        if trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:
            self.batch_end = (trainer.current_epoch + 1, 0)
            return
        # any rank's signal stops all of them, else the others would wait for it for ever
        if trainer.strategy.reduce_boolean_decision(self.caught is not None, all=False):
            trainer.save_checkpoint(self.checkpoint)
            self.stop()

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """The last epoch is validated and saved by now."""
        if trainer.strategy.reduce_boolean_decision(self.caught is not None, all=False):
            self.stop()

    def stop(self) -> None:
        """Raise what ends the process with the right code."""
        number = self.caught or signal.SIGTERM
        raise Interrupted(number.name, EXIT_CODES[number], self.resume)

    def on_exception(self, trainer: lightning.Trainer, pl_module: Any, exception: Any) -> None:
        """Give the signals back."""
        self.restore()

    def on_train_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Give the signals back; a signal in the last epoch stops the run here."""
        self.restore()

    def restore(self) -> None:
        """Put the handlers back that were there before."""
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before = {}
