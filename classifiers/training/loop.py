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

from classifiers.training.arrays import Ints, Labelled
from classifiers.training.batches import epoch_batches, epoch_rows, tensors
from classifiers.training.plan import Plan, Stage
from classifiers.training.teacher import taught_by
from classifiers.training.trainee import Trainee

CHECKPOINT = "checkpoint.pt"
BEGINNING = "beginning.pt"  # the weights that a run began with, where the plan keeps a share of them
Progress = Callable[[int, int, float], None]  # step, steps in all, loss


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the plan: which rows, at which share of its stage."""

    number: int  # over the whole run, from 0
    stage: Stage
    stage_index: int
    branch: int
    done: float  # share of this branch of the stage before this step
    last: bool  # of this branch of the stage
    rows: Ints


def steps_of(plan: Plan, sizes: Mapping[str, int], lengths: Ints) -> Iterator[Step]:
    """Yield every step of a run, in order: a pure function of plan and corpus."""
    number = 0
    for stage_index, stage in enumerate(plan.stages):
        for branch in range(stage.branches):
            batches: list[Ints] = []
            for epoch in range(stage.epochs):
                seed = (plan.seed, stage_index, branch, epoch)
                rows = epoch_rows(sizes, stage.shares, seed)
                batches.extend(epoch_batches(rows, lengths, plan.batch, seed))
            for index, rows in enumerate(batches):
                done, last = index / len(batches), index + 1 == len(batches)
                yield Step(number, stage, stage_index, branch, done, last, rows)
                number += 1


def train(
    trainee: Trainee,
    tokenizer: PreTrainedTokenizerBase,
    posts: Labelled,
    sizes: Mapping[str, int],
    plan: Plan,
    out: Path,
    *,
    resume: bool,
    progress: Progress,
) -> None:
    """Train in place on `posts`, sources one after another with the `sizes` given.

    Writes `checkpoint.pt`, the weights at the end of each stage and branch, and `log.jsonl` under `out`. With
    `resume`, go on after the last checkpoint there, or start where there is none; ValueError where the checkpoint
    belongs to another plan or other posts.
    """
    torch.set_num_threads(plan.threads)
    lengths = np.array([len(ids) for ids in posts.ids], dtype=np.int64)
    steps = list(steps_of(plan, sizes, lengths))
    run = hashlib.sha256(repr((plan, sizes)).encode()).hexdigest()
    optimizer = _optimizer(trainee, plan)
    begin = _load(out / CHECKPOINT, trainee, optimizer, run) if resume else 0
    if plan.kept and not begin:
        _write(out / BEGINNING, trainee.state_dict())
    trainee.train()
    pad, mask = int(tokenizer.pad_token_id), int(tokenizer.mask_token_id)
    started = time.monotonic()
    recent: list[float] = []
    taught_by_now: tuple[int, int | None] | None = None
    for step in steps[begin:]:
        if step.done == 0.0 and step.number:  # a new stage or branch: from the same beginning, without momentum
            optimizer = _optimizer(trainee, plan)
            trainee.load_state_dict(mean_of(out, plan, step.stage_index - 1))
        teacher = _teacher(step)
        if teacher is not None and teacher != taught_by_now:
            posts = taught_by(trainee, mean_of(out, plan, *teacher), posts, sizes, pad, plan)
            taught_by_now = teacher
        torch.manual_seed(plan.seed + step.number)  # dropout of a resumed run is that of an uninterrupted one
        _set_rates(optimizer, step, plan)
        batch = posts.take(step.rows)
        ids, attention = tensors(batch, pad=pad, mask_id=mask, hidden=step.stage.hidden, seed=(plan.seed, step.number))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=plan.bfloat16):
            loss = trainee(ids, attention, batch.truth)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainee.parameters(), plan.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        recent.append(loss.item())
        progress(step.number + 1, len(steps), recent[-1])
        if step.last:
            _write(out / _name(step), trainee.state_dict())
        if (step.number + 1) % plan.checkpoint_steps == 0 or step.last:
            state = {"trainee": trainee.state_dict(), "optimizer": optimizer.state_dict()}
            _write(out / CHECKPOINT, state | {"run": run, "done": step.number + 1})
            _log(out / "log.jsonl", step, len(steps), recent, time.monotonic() - started)
            recent.clear()
    trainee.load_state_dict(mixed(out, plan))


def mixed(out: Path, plan: Plan) -> dict[str, torch.Tensor]:
    """Return the weights of a finished run: the last stage's, drawn towards the first stage's end by `plan.anchor`.

    Then, by `plan.kept`, towards those that the run began with. Drawing weights back undoes some of what the last
    epochs learnt by heart, and some of what they forgot (Wortsman et al. 2022, "Robust fine-tuning").
    """
    last = len(plan.stages) - 1
    found = mean_of(out, plan, last)
    if plan.anchor and last:
        found = _drawn(found, mean_of(out, plan, 0), plan.anchor)
    if plan.kept:
        found = _drawn(found, torch.load(out / BEGINNING, weights_only=True), plan.kept)
    return found


def _drawn(
    weights: Mapping[str, torch.Tensor], back: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    return {name: value.lerp(back[name].float(), share) for name, value in weights.items()}


def mean_of(out: Path, plan: Plan, stage: int, branches: int | None = None) -> dict[str, torch.Tensor]:
    """Return the mean weights of a stage's branches, all or the first so many.

    Averaging weights that have one beginning judges better than each alone, at the price of one (Wortsman et al.
    2022, "Model soups").
    """
    names = [f"stage-{stage}-{branch}.pt" for branch in range(branches or plan.stages[stage].branches)]
    parts = [torch.load(out / name, weights_only=True) for name in names]
    return {name: torch.stack([part[name].float() for part in parts]).mean(0) for name in parts[0]}


def _teacher(step: Step) -> tuple[int, int | None] | None:
    """Say which stage and how many of its branches teach in this step; None where nobody does."""
    before = step.stage.branches - step.stage.taught
    if not step.stage.taught or step.branch < before:
        return None
    return (step.stage_index, before) if before else (step.stage_index - 1, None)


def _name(step: Step) -> str:
    return f"stage-{step.stage_index}-{step.branch}.pt"


def _optimizer(trainee: Trainee, plan: Plan) -> torch.optim.Optimizer:
    """Two groups: the encoder, and the heads with a rate of their own."""
    groups = [
        {"params": list(trainee.network.encoder.parameters()), "part": "encoder"},
        {"params": [*trainee.network.heads.parameters(), *trainee.sides.parameters()], "part": "heads"},
    ]
    return torch.optim.AdamW(groups, lr=0.0, weight_decay=plan.weight_decay, fused=True)


def _set_rates(optimizer: torch.optim.Optimizer, step: Step, plan: Plan) -> None:
    """Linear warm-up, then linear to zero, in each stage."""
    rise = min(1.0, step.done / plan.warm_up) if plan.warm_up else 1.0
    slope = max(rise, 1e-3) * min(1.0, (1.0 - step.done) / (1.0 - plan.warm_up))
    for group in optimizer.param_groups:
        top = step.stage.encoder_rate if group["part"] == "encoder" else step.stage.heads_rate
        group["lr"] = top * slope


def _write(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(dict(state), part)
    part.replace(path)


def _load(path: Path, trainee: Trainee, optimizer: torch.optim.Optimizer, run: str) -> int:
    """Take a checkpoint up; return how many steps it has behind it."""
    if not path.exists():
        return 0
    state: dict[str, Any] = torch.load(path, weights_only=True)
    if state["run"] != run:
        raise ValueError(f"{path}: of another plan or other posts; train without resuming, or elsewhere")
    trainee.load_state_dict(state["trainee"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["done"])


def _log(path: Path, step: Step, total: int, losses: list[float], seconds: float) -> None:
    entry = {
        "stage": step.stage.name,
        "branch": step.branch,
        "step": step.number + 1,
        "steps": total,
        "loss": round(sum(losses) / len(losses), 4),
        "seconds": round(seconds, 1),
    }
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")
