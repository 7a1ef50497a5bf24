"""What an earlier model says of posts whose labels are partial, for the next one to learn from (Xie et al. 2020).

Thousands of posts have a sentiment or a complaint label and no complaint type, severity or flag. A teacher's
probabilities for these, noise and all, show the student far more ways to complain than the labelled posts do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from classifiers.network import Logits
from classifiers.training.arrays import Floats, Labelled
from classifiers.training.batches import tensors
from classifiers.training.plan import Plan
from classifiers.training.trainee import Trainee

BATCH = 128  # posts
# Sources of posts about companies: what a teacher knows of other talk is that it is no complaint.
TAUGHT_SOURCES = frozenset(
    (
        "brand_sanders",
        "brand_apple",
        "brand_sxsw",
        "brand_entity_sentiment",
        "complaints_tweets",
        "complaints_airline_tweets",
        "complaints_product_reviews",
        "app_reviews",
    )
)


def taught_by(
    trainee: Trainee,
    weights: Mapping[str, torch.Tensor],
    posts: Labelled,
    sizes: Mapping[str, int],
    pad: int,
    plan: Plan,
) -> Labelled:
    """Return the posts, those of TAUGHT_SOURCES with the probabilities that `weights` give them.

    `posts` hold their sources one after another, with the `sizes` given. The trainee comes back as it was.
    """
    own = {name: value.clone() for name, value in trainee.state_dict().items()}
    trainee.load_state_dict(dict(weights))
    trainee.eval()
    found = posts.truth.taught.copy()
    names = np.repeat(np.array(list(sizes)), list(sizes.values()))
    wanted = np.flatnonzero(np.isin(names, sorted(TAUGHT_SOURCES)))
    order = wanted[np.argsort([len(posts.ids[row]) for row in wanted], kind="stable")]
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=plan.bfloat16):
        for begin in range(0, len(order), BATCH):
            rows = order[begin : begin + BATCH]
            ids, attention = tensors(posts.take(rows), pad=pad, mask_id=pad, hidden=0.0, seed=(plan.seed,))
            found[rows] = _probabilities(trainee.network(ids, attention))
    trainee.train()
    trainee.load_state_dict(own)
    return replace(posts, truth=replace(posts.truth, taught=found))


def _probabilities(logits: Logits) -> Floats:
    parts = (
        logits.complaint[:, None].sigmoid(),
        logits.types.sigmoid(),
        logits.severity.softmax(1),
        logits.flags.sigmoid(),
    )
    return np.asarray(torch.cat(parts, dim=1).float().numpy(), dtype=np.float32)
