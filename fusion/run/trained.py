"""A model and its tasks after training: what predicts, and what a bundle holds."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader

from fusion.data.sample import Batch, Labels
from fusion.errors import BundleError
from fusion.heads.base import Fused
from fusion.model import FusionModel
from fusion.tasks.base import Task, split_outputs


@dataclass(frozen=True)
class Trained:
    """Tasks in sorted order share the columns of the head's outputs."""

    model: FusionModel
    tasks: Mapping[str, Task]
    modalities: tuple[str, ...]

    def fused(
        self, loader: DataLoader[Batch], device: torch.device
    ) -> Iterator[tuple[Batch, Fused]]:
        """Outputs of every batch, in the loader's order, on the CPU."""
        self.model.to(device).eval()
        for batch in loader:
            with torch.no_grad():  # a decorator would not reach into a generator that is wrapped
                fused = self.model(batch.to(device))
            attention = {name: value.cpu() for name, value in fused.attention.items()}
            yield batch, Fused(fused.outputs.cpu(), {}, attention)

    def split(self, outputs: Tensor) -> dict[str, Tensor]:
        """Columns of each task."""
        return split_outputs(outputs, self.tasks)

    def finish(self, loader: DataLoader[Batch], device: torch.device) -> None:
        """Fit what depends on the training patients' tokens, then on their outputs."""
        self.model.to(device).fit_missing(loader)
        seen: dict[str, list[tuple[Tensor, Labels]]] = {name: [] for name in self.tasks}
        for batch, fused in self.fused(loader, device):
            for name, outputs in self.split(fused.outputs).items():
                if name in batch.targets:
                    labels = batch.targets[name]
                    seen[name].append((outputs[labels.known], labels))
        for name, task in self.tasks.items():
            outputs = torch.cat([o for o, _ in seen[name]])
            task.finish(outputs, torch.cat([labels.values for _, labels in seen[name]]))

    def parts(self) -> dict[str, nn.Module]:
        """Everything that has weights, by the first part of their names."""
        return {"model": self.model, **{f"tasks.{n}": t for n, t in self.tasks.items()}}

    def weights(self) -> dict[str, Tensor]:
        """All parameters and buffers, by name."""
        return {
            f"{part}.{name}": value.detach().cpu().contiguous()
            for part, module in self.parts().items()
            for name, value in module.state_dict().items()
        }

    def save(self, path: Path) -> None:
        """Write safetensors, atomically."""
        temporary = path.with_suffix(".tmp")
        save_file(self.weights(), temporary)
        os.replace(temporary, path)

    def restore(self, path: Path) -> None:
        """Read safetensors; every tensor must have its place and every place its tensor.

        Raises:
            BundleError: naming what does not fit.
        """
        found = load_file(path)
        if wrong := sorted(set(found) ^ set(self.weights())):
            raise misfit(path, wrong)
        try:
            for part, module in self.parts().items():
                start = f"{part}."
                state = {k.removeprefix(start): v for k, v in found.items() if k.startswith(start)}
                module.load_state_dict(state)
        except RuntimeError as error:  # a module may make room, so only loading knows what fits
            mine = self.weights()
            wrong = [name for name in sorted(mine) if found[name].shape != mine[name].shape]
            raise misfit(path, wrong) from error


def misfit(path: Path, names: Sequence[str]) -> BundleError:
    """Tensors that have no place, or places without their tensor."""
    return BundleError(
        f"{path}: the weights do not fit the configuration: {', '.join(names[:5])}"
        f"{' ...' if len(names) > 5 else ''}. Was one of the two changed by hand?"
    )
