"""Heads and their encoders beside one bag at a time, as published code does: time, memory, ratios.

    python benchmarks/heads.py                  # some minutes; two threads
    python benchmarks/heads.py --repeats 3      # sooner, noisier

Each peer is the same mathematics in plain layers with the same weights, and runs one patient at a
time. Without dropout both give the same numbers, to 1e-6 in double precision, which is checked
first. Times are medians of interleaved steps (forward, backward, AdamW); memory is the peak of a
step beyond what was held before it, each in a process of its own, as the kernel counts it.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fusion.encoders.bag import GatedAttentionEncoder
from fusion.encoders.pathways import PathwayEncoder
from fusion.encoders.tiles import TilesEncoder
from fusion.heads.coattention import CoattentionFusion
from fusion.heads.pathway_attention import PathwayAttentionFusion
from fusion.types import Bags, Tokens

WIDE = 1024
"""Features of a tile."""

BUDGET = 16_384
"""Tiles of a packed batch, as `loader.rows`."""


@dataclass(frozen=True)
class Case:
    """Ours and the peer: a step each, and what each says of the same input without dropout."""

    ours: Callable[[], None]
    peer: Callable[[], None]
    says: Callable[[], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Goal:
    """Peer / ours in time at least, ours / peer in memory at most."""

    time: float
    memory: float | None


def ragged() -> Case:
    """16 bags of 1,100 to 17,600 tiles through gated attention 1,024 -> 512, gates of 256."""
    lengths = [int(1100 * 16 ** ((i / 15) ** 1.9)) for i in range(16)]
    bags = [torch.rand(n, WIDE) for n in lengths]
    encoder = GatedAttentionEncoder(features=WIDE, dim=512, attention_dim=256, dropout=0.25)
    out = nn.Linear(512, 1)
    optimizer = adamw(encoder, out)
    packs = packed(bags)

    def ours() -> None:
        optimizer.zero_grad()
        for pack in packs:
            out(encoder(pack).mean()).sum().backward()
        optimizer.step()

    def peer() -> None:
        optimizer.zero_grad()
        for bag in bags:
            out(plain(bag, 0.25)).sum().backward()
        optimizer.step()

    def plain(bag: Tensor, dropout: float) -> Tensor:
        embed, attend = encoder.embed.linear, encoder.attend
        h = nn.functional.dropout(embed(bag).relu(), dropout)
        gated = torch.tanh(attend.content(h)) * torch.sigmoid(attend.gate(h))
        weights = attend.score(nn.functional.dropout(gated, dropout)).softmax(dim=0)
        return weights.t() @ h

    def says() -> tuple[Tensor, Tensor]:
        encoder.eval()
        mine = torch.cat([encoder(pack).mean() for pack in packs])
        theirs = torch.cat([plain(bag, 0.0) for bag in bags])
        encoder.train()
        return mine, theirs

    return Case(ours, peer, says)


def coattention() -> Case:
    """15,000 tiles that six gene families look at, as in MCAT: 1,024 -> 256."""
    tiles = Bags(torch.rand(15_000, WIDE), torch.tensor([0, 15_000]))
    genes = Tokens(torch.randn(1, 6, 256), torch.ones(1, 6, dtype=torch.bool))
    encoder = TilesEncoder(features=WIDE, dim=256, most=None, dropout=0.25)
    head = CoattentionFusion(
        dims={"rna": 256, "wsi": 256},
        out_features=4,
        guide="rna",
        dim=256,
        queries=1,
        layers=2,
        heads=8,
        hidden=256,
        dropout=0.25,
    )
    optimizer = adamw(encoder, head)

    def ours() -> None:
        optimizer.zero_grad()
        head({"rna": genes, "wsi": encoder(tiles)}).outputs.sum().backward()
        optimizer.step()

    def peer() -> None:
        optimizer.zero_grad()
        plain(0.25).sum().backward()
        optimizer.step()

    def plain(dropout: float) -> Tensor:
        h = nn.functional.dropout(encoder.embed.linear(tiles.features).relu(), dropout)[None]
        guide = head.guide(genes)
        query = head.query(guide.features)
        key, value = head.key["wsi"](h), head.value["wsi"](h)
        scores = query @ key.transpose(1, 2) * query.shape[2] ** -0.5
        answer = scores.softmax(dim=2) @ value
        outputs: Tensor = head.sides(guide, {"wsi": answer}, {"wsi": genes.present}).outputs
        return outputs

    def says() -> tuple[Tensor, Tensor]:
        encoder.eval()
        head.eval()
        both = head({"rna": genes, "wsi": encoder(tiles)}).outputs, plain(0.0)
        encoder.train()
        head.train()
        return both

    return Case(ours, peer, says)


def pathways() -> Case:
    """Eight patients of 4,000 tiles and 331 pathways, as in SurvPath: one batch, or eight steps."""
    generator = torch.Generator().manual_seed(0)
    groups = {
        f"p{i}": torch.randperm(4999, generator=generator)[: 15 + i % 60].tolist()
        for i in range(331)
    }
    genes = torch.randn(8, 4999)
    bags = [torch.rand(4000, WIDE) for _ in range(8)]
    whole = Bags(torch.cat(bags), torch.arange(0, 32_001, 4000))
    omics = PathwayEncoder(groups=groups, dim=256, hidden=256, dropout=0.25)
    encoder = TilesEncoder(features=WIDE, dim=256, most=None, dropout=0.25)
    head = PathwayAttentionFusion(
        dims={"rna": 256, "wsi": 256},
        out_features=4,
        guide="rna",
        dim=128,  # half of the tokens, as published
        queries=1,
        heads=1,
        hidden=256,
        dropout=0.25,
    )
    optimizer = adamw(omics, encoder, head)
    # weights of their own for each pathway, as published: a slice of ours would have a gradient as
    # large as all of them
    theirs = nn.ModuleList(
        nn.ParameterList(
            t.detach().clone()
            for t in (inner, omics.inner_bias[k], omics.outer[k], omics.outer_bias[k])
        )
        for k, inner in enumerate(omics.inner.split(omics.sizes))
    )
    their_optimizer = adamw(theirs, encoder, head)

    def ours() -> None:
        optimizer.zero_grad()
        head({"rna": omics(genes), "wsi": encoder(whole)}).outputs.sum().backward()
        optimizer.step()

    def peer() -> None:
        for i in range(8):
            their_optimizer.zero_grad()
            plain(i, 0.25).sum().backward()
            their_optimizer.step()

    def plain(i: int, dropout: float) -> Tensor:
        tokens = []
        # a network for each pathway, in a loop
        for columns, (inner, inner_bias, outer, outer_bias) in zip(
            groups.values(), theirs, strict=True
        ):
            hidden = nn.functional.selu(genes[i, columns] @ inner + inner_bias)
            hidden = nn.functional.alpha_dropout(hidden, dropout, training=dropout > 0)
            token = nn.functional.selu(hidden @ outer + outer_bias)
            tokens.append(nn.functional.alpha_dropout(token, dropout, training=dropout > 0))
        sets = torch.stack(tokens)[None]
        h = nn.functional.dropout(encoder.embed.linear(bags[i]).relu(), dropout)[None]
        there = Tokens(sets, torch.ones(sets.shape[:2], dtype=torch.bool))
        outputs: Tensor = head(
            {"rna": there, "wsi": Tokens(h, torch.ones(h.shape[:2]) > 0)}
        ).outputs
        return outputs

    def says() -> tuple[Tensor, Tensor]:
        for module in (omics, encoder, head):
            module.eval()
        mine = head({"rna": omics(genes), "wsi": encoder(whole)}).outputs
        theirs = torch.cat([plain(i, 0.0) for i in range(8)])
        for module in (omics, encoder, head):
            module.train()
        return mine, theirs

    return Case(ours, peer, says)


CASES = {
    "gated attention, 16 ragged bags": (ragged, Goal(1.35, 1.3)),
    "co-attention (MCAT), 15,000 tiles": (coattention, Goal(1.3, 0.7)),
    "pathways and tiles (SurvPath), 8 patients": (pathways, Goal(3.0, None)),
}


def adamw(*modules: nn.Module) -> torch.optim.AdamW:
    return torch.optim.AdamW([p for module in modules for p in module.parameters()], lr=1e-5)


def packed(bags: list[Tensor]) -> list[Bags]:
    """Bags end to end, a batch up to the budget."""
    groups: list[list[Tensor]] = [[]]
    for bag in bags:
        if groups[-1] and sum(map(len, groups[-1])) + len(bag) > BUDGET:
            groups.append([])
        groups[-1].append(bag)
    return [Bags(torch.cat(g), torch.tensor([0, *(len(b) for b in g)]).cumsum(0)) for g in groups]


def difference(make: Callable[[], Case], dtype: torch.dtype) -> float:
    """Largest difference of what ours and the peer say."""
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    try:
        with torch.no_grad():
            mine, theirs = make().says()
    finally:
        torch.set_default_dtype(torch.float32)
    return float((mine - theirs).abs().max())


def seconds(step: Callable[[], None]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def peak_mb(name: str, which: str) -> float:
    """Of one step after another has warmed up, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_mb, (name, which))


def _peak_mb(name: str, which: str) -> float:
    torch.manual_seed(0)
    case = CASES[name][0]()
    step = case.ours if which == "ours" else case.peer
    step()  # the optimiser's own memory
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = _status("VmRSS")
    step()
    return _status("VmHWM") - before


def _status(key: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(key)).split()[1]) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9, help="interleaved steps of each")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="part of a case's name")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    missed = False
    print(f"{'':44} {'ours':>8} {'peer':>8} {'ratio':>7} {'goal':>6} {'MB':>6} {'peer':>6} ratio")
    for name, (make, goal) in CASES.items():
        if chosen.only not in name:
            continue
        exact = difference(make, torch.float64)
        if exact > 1e-6:
            raise AssertionError(f"{name}: outputs differ by {exact} in double precision")
        single = difference(make, torch.float32)
        torch.manual_seed(0)
        case = make()
        case.ours(), case.peer()
        times = [(seconds(case.ours), seconds(case.peer)) for _ in range(chosen.repeats)]
        ours, peer = np.median(times, axis=0)
        ours_mb, peer_mb = peak_mb(name, "ours"), peak_mb(name, "peer")
        ratio, memory = peer / ours, ours_mb / peer_mb
        fails = ratio < goal.time or (goal.memory is not None and memory > goal.memory)
        missed |= fails
        print(
            f"{name:44} {ours:6.2f} s {peer:6.2f} s {ratio:6.2f}x {goal.time:5.2f}x "
            f"{ours_mb:6.0f} {peer_mb:6.0f} {memory:5.2f} "
            f"differ by {exact:.0e}, in single {single:.0e}"
            f"{'  MISSED' if fails else ''}",
            flush=True,
        )
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
