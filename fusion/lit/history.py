"""The curve of every logged number, epoch by epoch: kept in the checkpoint, written as CSV."""

import csv
import os
import sys
import time
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from fusion.lit.start import BEFORE


class History(Callback):
    """Writes `history.csv` after every epoch; a resumed run goes on where the checkpoint was.

    Lightning's own CSV logger throws the earlier part away on resuming. Where the output is not a
    terminal, which a progress bar would fill with junk, each epoch is also one printed line.

    Args:
        path: the CSV.
        lines: print a line for each epoch.
    """

    def __init__(self, *, path: Path, lines: bool) -> None:
        self.path = path
        self.lines = lines
        self.rows: list[dict[str, float]] = []
        self.started = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        """All rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Rows up to the checkpoint."""
        self.rows = list(state_dict["rows"])

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """A first row, of the model before training, where that one is validated."""
        if trainer.sanity_checking:
            numbers = {k: float(v) for k, v in trainer.callback_metrics.items()}
            self.rows = [{"epoch": float(BEFORE), **dict(sorted(numbers.items()))}]
            if trainer.is_global_zero:
                self.write()

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Take the time."""
        self.started = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """One more row."""
        numbers = {k: float(v) for k, v in trainer.callback_metrics.items()}
        row = {"epoch": float(trainer.current_epoch), **dict(sorted(numbers.items()))}
        self.rows = [r for r in self.rows if r["epoch"] < row["epoch"]] + [row]
        if not trainer.is_global_zero:
            return
        self.write()
        if self.lines:
            shown = "  ".join(f"{k} {v:.4f}" for k, v in row.items() if k != "epoch")
            sys.stdout.write(
                f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  {shown}  "
                f"{time.monotonic() - self.started:.1f} s\n"
            )
            sys.stdout.flush()

    def write(self) -> None:
        """Write the whole table, atomically."""
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        temporary = self.path.with_suffix(".tmp")
        with temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(temporary, self.path)
