"""How this machine multiplies matrices fastest: chosen at start by what its hardware has.

Eight-bit integers are no choice: with weights and activations rounded each by its own scale, labels differed from
single precision on one post in fifty (bfloat16: one in four hundred).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum

import torch

CPU_TOKENS = 2048  # fastest of 512 to 8192: fewer read every weight too often, more outgrow the caches
GPU_TOKENS = 65_536  # some 2,000 posts: a GPU is idle between small batches


class Precision(StrEnum):
    """How the matrices are multiplied."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"  # half the memory; several times faster where it is in hardware


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to calculate with."""

    cores: int  # that this process may use
    gpu: bool
    bfloat16: bool  # in hardware: in the GPU's where there is one, else in the processor's

    def __post_init__(self) -> None:
        """Refuse a machine without a core."""
        if self.cores < 1:
            raise ValueError(f"{self.cores} cores")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to calculate."""

    device: str
    precision: Precision
    tokens: int  # of a batch
    workers: int  # batches encoded side by side, each by one thread


def this_machine() -> Machine:
    """Ask the machine."""
    gpu = torch.cuda.is_available()
    # torch has no public question for the processor's; `mkldnn` would also say yes where it only imitates
    own = torch.cuda.is_bf16_supported() if gpu else torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001
    return Machine(usable_cores(), gpu, bool(own))


def fastest(machine: Machine, precision: Precision | None = None) -> Way:
    """Return the fastest way that gives the labels of single precision, or the fastest in `precision`.

    On a processor each core encodes batches of its own: two threads in one batch wait for each other after every
    small step, and share no cache.
    """
    own = Precision.BFLOAT16 if machine.bfloat16 else Precision.FLOAT32
    chosen = own if precision is None else precision
    if machine.gpu:
        return Way("cuda", chosen, GPU_TOKENS, 1)
    return Way("cpu", chosen, CPU_TOKENS, machine.cores)


def usable_cores() -> int:
    """Return how many cores this process may use: more threads than that only wait for each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
