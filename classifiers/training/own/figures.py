"""What trained heads are worth: precision, recall and F1 of each type, as the monitor would give it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.training.own.posts import LabelledPost, Origin
from config.complaint_types import ComplaintType


@dataclass(frozen=True, slots=True)
class Figures:
    """How often a type was given, how often it was meant, and how often both."""

    given: int
    meant: int
    right: int

    @property
    def precision(self) -> float | None:
        """The share of right ones among those given; None: none was given."""
        return self.right / self.given if self.given else None

    @property
    def recall(self) -> float | None:
        """The share of those found among those meant; None: none was meant."""
        return self.right / self.meant if self.meant else None

    @property
    def f1(self) -> float | None:
        """Their harmonic mean; None: neither given nor meant."""
        return 2 * self.right / (self.given + self.meant) if self.given + self.meant else None


@dataclass(frozen=True, slots=True)
class TypeReport:
    """One type: how it does by the new heads, and how the shipped ones do on the same posts."""

    name: str
    fitted: bool  # False: too few posts, it stays as shipped
    own: Figures
    shipped: Figures | None  # None: a new type


@dataclass(frozen=True, slots=True)
class Report:
    """What heads were made of and how they do on posts that they had not seen.

    A post that is not taken for a complaint is given no type, as in use. `main_right` counts the complaints that
    were taken for such and whose main type was right, of `main_of`.
    """

    posts: int
    origins: dict[str, int]
    types: tuple[TypeReport, ...]
    main_of: int
    main_right: int
    main_right_shipped: int


def report_of(
    posts: Sequence[LabelledPost],
    types: Sequence[ComplaintType],
    fitted: Sequence[str],
    *,
    chosen: Sequence[tuple[str, ...]],
    shipped: Sequence[tuple[str, ...]],
    complaint: npt.NDArray[np.bool_],
) -> Report:
    """Compare what was chosen for each post, were it a complaint, with what people said of it."""
    own = [kinds if taken else () for kinds, taken in zip(chosen, complaint.tolist(), strict=True)]
    before = [kinds if taken else () for kinds, taken in zip(shipped, complaint.tolist(), strict=True)]
    found = Counter(post.origin for post in posts)
    seen = [row for row, post in enumerate(posts) if post.types and complaint[row]]
    return Report(
        posts=len(posts),
        origins={origin.value: found[origin] for origin in Origin},
        types=tuple(
            TypeReport(
                name=one.name,
                fitted=one.name in fitted,
                own=_figures(one.name, posts, own),
                shipped=_figures(one.name, posts, before) if one.shipped else None,
            )
            for one in types
        ),
        main_of=len(seen),
        main_right=sum(own[row][:1] == posts[row].types[:1] for row in seen),
        main_right_shipped=sum(before[row][:1] == posts[row].types[:1] for row in seen),
    )


def _figures(name: str, posts: Sequence[LabelledPost], said: Sequence[tuple[str, ...]]) -> Figures:
    return Figures(
        given=sum(name in kinds for kinds in said),
        meant=sum(name in post.types for post in posts),
        right=sum(name in kinds and name in post.types for kinds, post in zip(said, posts, strict=True)),
    )
