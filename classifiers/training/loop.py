"""The training loop: resumable at any checkpoint, to the same weights as an uninterrupted run."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from classifiers.network import PostNetwork
from classifiers.training.arrays import Ints, Labelled, joined
from classifiers.training.batches import epoch_batches, epoch_rows, tensors
from classifiers.training.losses import batch_loss
from classifiers.training.plan import Plan, Stage

CHECKPOINT = "checkpoint.pt"
ANCHOR = "anchor.pt"
Progress = Callable[[int, int, float], None]  # step, steps in all, loss


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the plan: which rows, at which share of its stage."""

    number: int  # over the whole run, from 0
    stage: Stage
    stage_index: int
    done: float  # share of the stage's steps before this one
    rows: Ints


def steps_of(plan: Plan, sizes: Mapping[str, int], lengths: Ints) -> Iterator[Step]:
    """Yield every step of a run, in order: a pure function of plan and corpus."""
    number = 0
    for stage_index, stage in enumerate(plan.stages):
        batches: list[Ints] = []
        for epoch in range(stage.epochs):
            seed = (plan.seed, stage_index, epoch)
            rows = epoch_rows(sizes, stage.shares, seed)
            batches.extend(epoch_batches(rows, lengths, plan.batch, seed))
        for index, rows in enumerate(batches):
            yield Step(number, stage, stage_index, index / len(batches), rows)
            number += 1


def train(
    network: PostNetwork,
    tokenizer: PreTrainedTokenizerBase,
    sources: Mapping[str, Labelled],
    plan: Plan,
    out: Path,
    *,
    resume: bool,
    progress: Progress,
) -> None:
    """Train `network` in place, writing `checkpoint.pt`, `anchor.pt` and `log.jsonl` under `out`.

    With `resume`, go on after the last checkpoint there, or start where there is none; ValueError where the
    checkpoint belongs to another plan or other posts.
    """
    torch.set_num_threads(plan.threads)
    posts = joined(list(sources.values()))
    lengths = np.array([len(ids) for ids in posts.ids], dtype=np.int64)
    sizes = {name: len(part) for name, part in sources.items()}
    steps = list(steps_of(plan, sizes, lengths))
    run = hashlib.sha256(repr((plan, sizes)).encode()).hexdigest()
    optimizer = _optimizer(network, plan)
    begin = _load(out / CHECKPOINT, network, optimizer, run) if resume else 0
    network.train()
    pad, mask = int(tokenizer.pad_token_id), int(tokenizer.mask_token_id)
    started = time.monotonic()
    recent: list[float] = []
    for step in steps[begin:]:
        torch.manual_seed(plan.seed + step.number)  # dropout of a resumed run is that of an uninterrupted one
        _set_rates(optimizer, step, plan)
        batch = posts.take(step.rows)
        ids, attention = tensors(batch, pad=pad, mask_id=mask, hidden=step.stage.hidden, seed=(plan.seed, step.number))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=plan.bfloat16):
            loss = batch_loss(network(ids, attention), batch.truth)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        recent.append(loss.item())
        progress(step.number + 1, len(steps), recent[-1])
        if (step.number + 1) % plan.checkpoint_steps == 0 or step.number + 1 == len(steps):
            _save(out / CHECKPOINT, network, optimizer, run, step.number + 1)
            if step.stage_index == 0:
                torch.save(network.state_dict(), out / ANCHOR)
            _log(out / "log.jsonl", step, len(steps), recent, time.monotonic() - started)
            recent.clear()
    if plan.anchor and (out / ANCHOR).exists():
        mix(network, torch.load(out / ANCHOR, weights_only=True), plan.anchor)


def mix(network: PostNetwork, anchor: Mapping[str, torch.Tensor], share: float) -> None:
    """Draw the network's weights towards the anchor's by `share`.

    Averaging weights along one run undoes some of what the last epochs learnt by heart (Wortsman et al. 2022).
    """
    state = {name: value.lerp(anchor[name].to(value.dtype), share) for name, value in network.state_dict().items()}
    network.load_state_dict(state)


def _optimizer(network: PostNetwork, plan: Plan) -> torch.optim.Optimizer:
    """Two groups: the encoder, and the heads with a rate of their own."""
    groups = [
        {"params": list(network.encoder.parameters()), "part": "encoder"},
        {"params": list(network.heads.parameters()), "part": "heads"},
    ]
    return torch.optim.AdamW(groups, lr=0.0, weight_decay=plan.weight_decay, fused=True)


def _set_rates(optimizer: torch.optim.Optimizer, step: Step, plan: Plan) -> None:
    """Linear warm-up, then linear to zero, in each stage."""
    rise = min(1.0, step.done / plan.warm_up) if plan.warm_up else 1.0
    slope = max(rise, 1e-3) * min(1.0, (1.0 - step.done) / (1.0 - plan.warm_up))
    for group in optimizer.param_groups:
        top = step.stage.encoder_rate if group["part"] == "encoder" else step.stage.heads_rate
        group["lr"] = top * slope


def _save(path: Path, network: PostNetwork, optimizer: torch.optim.Optimizer, run: str, done: int) -> None:
    """Write a checkpoint whole or not at all."""
    part = path.with_suffix(".part")
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "run": run, "done": done}
    torch.save(state, part)
    part.replace(path)


def _load(path: Path, network: PostNetwork, optimizer: torch.optim.Optimizer, run: str) -> int:
    """Take a checkpoint up; return how many steps it has behind it."""
    if not path.exists():
        return 0
    state: dict[str, Any] = torch.load(path, weights_only=True)
    if state["run"] != run:
        raise ValueError(f"{path}: of another plan or other posts; train without resuming, or elsewhere")
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["done"])


def _log(path: Path, step: Step, total: int, losses: list[float], seconds: float) -> None:
    entry = {
        "stage": step.stage.name,
        "step": step.number + 1,
        "steps": total,
        "loss": round(sum(losses) / len(losses), 4),
        "seconds": round(seconds, 1),
    }
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")
