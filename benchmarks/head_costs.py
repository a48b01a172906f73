"""Weights and time of every head, in one interleaved run, as rows of the table in docs/heads.md.

    python benchmarks/head_costs.py

Settings of `configs/head/`; 16 patients, four modalities of width 32 with 1, 1, 64 and 256 tokens,
each present for 70 %; four outputs. CPU time of one forward and backward pass on one thread, median
of interleaved passes. `film` reads a map, so its modality of 64 tokens is one.
"""

import argparse
import time

import numpy as np
import torch
import yaml
from pydantic import TypeAdapter

from fusion.config.compose import CONFIGS
from fusion.config.head import HeadConfig
from fusion.config.missing import MissingConfig
from fusion.config.parts.head import build_head
from fusion.heads.base import FusionHead
from fusion.types import Tokens

PATIENTS, WIDTH, OUT = 16, 32, 4
COUNTS = {"clinical": 1, "rna": 1, "genes": 64, "tiles": 256}
GIVEN = {
    "single": {"modality": "rna"},
    "film": {"map": "genes", "tables": ["clinical", "rna", "tiles"]},
    "coattention": {"guide": "genes"},
    "transport": {"guide": "genes"},
    "pathway_attention": {"guide": "genes"},
    "offset": {"clinical": "clinical"},
}
"""What a configuration leaves to the user."""

LEFT_OUT = {"ensemble"}
"""Trains models apart, and pools what they say: it has no pass of its own."""


def head(name: str) -> FusionHead:
    values = yaml.safe_load((CONFIGS / "head" / f"{name}.yaml").read_text())
    values.pop("defaults", None)
    values |= GIVEN.get(name, {})
    if name == "offset":
        values["inner"] = yaml.safe_load((CONFIGS / "head" / "early.yaml").read_text())
    missing = yaml.safe_load((CONFIGS / "missing" / "masked.yaml").read_text())
    built = build_head(
        TypeAdapter(HeadConfig).validate_python(values),
        dims=dict.fromkeys(COUNTS, WIDTH),
        out_features=OUT,
        missing=TypeAdapter(MissingConfig).validate_python(missing),
    )
    for buffer in built.buffers():  # of a clinical model that nobody has fitted here
        if buffer.is_floating_point():
            buffer.nan_to_num_(0.1)
    return built


def tokens() -> dict[str, Tokens]:
    draw = torch.Generator().manual_seed(0)
    found = {}
    for name, count in COUNTS.items():
        present = torch.rand(PATIENTS, generator=draw) < 0.7
        features = torch.randn(PATIENTS, count, WIDTH, generator=draw)
        found[name] = Tokens(features, present[:, None].expand(-1, count).contiguous())
    return found


def step(module: FusionHead, given: dict[str, Tokens]) -> float:
    start = time.process_time()
    fused = module(given)
    (fused.outputs.sum() + sum(fused.penalties.values(), torch.zeros(()))).backward()
    return 1000 * (time.process_time() - start)


def short(ms: float) -> str:
    return f"{ms:.0f}" if ms >= 10 else f"{ms:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20, help="passes of each")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    names = sorted(p.stem for p in (CONFIGS / "head").glob("*.yaml") if p.stem not in LEFT_OUT)
    heads, given = {name: head(name) for name in names}, tokens()
    for module in heads.values():
        step(module, given)
    times = {name: [] for name in names}
    for _ in range(chosen.repeats):
        for name, module in heads.items():
            times[name].append(step(module, given))
    print("| `head=` | weights | ms |\n|---|---|---|")
    for name in sorted(names, key=lambda n: np.median(times[n])):
        weights = sum(p.numel() for p in heads[name].parameters())
        print(f"| `{name}` | {weights:,} | {short(float(np.median(times[name])))} |")


if __name__ == "__main__":
    main()
