"""The plan of a training run: its stages and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from classifiers.training.sources import SOURCES


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs with one learning-rate slope."""

    name: str
    epochs: int
    encoder_rate: float
    heads_rate: float
    shares: Mapping[str, float]  # of each source's rows in an epoch
    hidden: float = 0.0  # share of word pieces hidden behind [MASK]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run; two runs of one plan on the same posts give the same weights."""

    stages: tuple[Stage, ...]
    seed: int = 20261121
    batch: int = 64
    warm_up: float = 0.06  # share of a stage's steps
    weight_decay: float = 0.01
    clip: float = 1.0
    checkpoint_steps: int = 250
    anchor: float = 0.2  # share in the final weights of those at the first stage's last checkpoint; see `loop.mix`
    bfloat16: bool = True
    threads: int = field(default=2)

    def __post_init__(self) -> None:
        """Refuse a run that would train nothing."""
        if not self.stages or self.batch < 1:
            raise ValueError("a plan needs a stage and a batch")
        if not 0.0 <= self.anchor < 1.0:
            raise ValueError(f"anchor {self.anchor}, not in 0..1")


def default_plan() -> Plan:
    """Sentiment first, then all tasks together: about half an hour on two cores with AMX."""
    return Plan(
        stages=(
            Stage("sentiment", 1, 1e-4, 1e-3, {source.name: source.stage1 for source in SOURCES}, hidden=0.05),
            Stage("joint", 3, 1e-4, 1e-3, {source.name: source.stage2 for source in SOURCES}, hidden=0.08),
        )
    )
