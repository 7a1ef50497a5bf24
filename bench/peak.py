"""How fast torch multiplies matrices here, and what the encoder makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter

import torch
from torch.nn import functional

from classifiers.precision import Precision, Way, usable_cores
from classifiers.weights import Shape

SIZES = (512, 768, 1024, 1536, 2048, 3072, 4096)  # of square matrices
SECONDS = 0.3  # for each size: the best of as many goes as fit
TERA = 1e12


def flops(shape: Shape, lengths: Iterable[int]) -> int:
    """Count the multiplications and additions that windows of these lengths need, padding left out.

    For a window of m word pieces, in each layer: 2 m (4 h^2 + 2 h i) for the linear layers and 4 m^2 h for scores and
    sums of the attention, where h is the hidden and i the inner width. Norms, softmax and GELU are not counted.
    """
    linear = 2 * (4 * shape.hidden**2 + 2 * shape.hidden * shape.inner)
    return shape.layers * sum(linear * m + 4 * m * m * shape.hidden for m in lengths)


def peaks(shape: Shape, way: Way) -> dict[str, float]:
    """Return TFLOP/s of torch's product of square matrices, the best of all sizes, and with the encoder's operands.

    On all cores together, in the number type of `way`; the encoder's operands are a batch and each of its layers.
    """
    torch.set_num_threads(usable_cores())
    kind = torch.bfloat16 if way.precision is Precision.BFLOAT16 else torch.float32
    with torch.inference_mode():
        squares = []
        for size in SIZES:
            left, right = (torch.randn(size, size, device=way.device).to(kind) for _ in range(2))
            squares.append(2 * size**3 / _best(lambda left=left, right=right: left @ right))
        work, seconds = 0, 0.0
        tokens, hidden, inner = way.tokens, shape.hidden, shape.inner
        for wide, out in ((hidden, 3 * hidden), (hidden, hidden), (hidden, inner), (inner, hidden)):
            states, weight = (torch.randn(*size, device=way.device).to(kind) for size in ((tokens, wide), (out, wide)))
            work += 2 * tokens * wide * out
            seconds += _best(lambda states=states, weight=weight: functional.linear(states, weight))
    return {"tflops": max(squares) / TERA, "tflops_own_operands": work / seconds / TERA}


def _best(multiply: Callable[[], object]) -> float:
    multiply()
    best, began = float("inf"), perf_counter()
    while perf_counter() - began < SECONDS:
        started = perf_counter()
        multiply()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        best = min(best, perf_counter() - started)
    return best
