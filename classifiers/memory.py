"""How this process keeps memory that it has freed."""

from __future__ import annotations

import ctypes

# glibc's <malloc.h>
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3

LARGEST_KEPT = 32 * 2**20  # bytes; the largest that glibc takes. A batch's largest array has 13 MB in single precision
MOST_KEPT = 128 * 2**20  # bytes free at the end of the heap; a batch in flight takes some 40 MB


def keep_freed_memory() -> bool:
    """Have the C library keep the arrays of one batch for the next; whether it can. Twice is as good as once.

    By default each large array is fetched from the kernel and given back: thousands of page faults a batch, a tenth
    of the time.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library, or Windows
        return False
    return bool(mallopt(_MMAP_THRESHOLD, LARGEST_KEPT) and mallopt(_TRIM_THRESHOLD, MOST_KEPT))
