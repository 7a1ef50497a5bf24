"""Invented sentences put after real posts, for the two flags that too few labelled posts carry.

`leaves` stands on 3 % of the labelled posts and `names_staff_or_place` on 11 %. A sentence that says so by its
own words makes the label true whatever the post before it says; as many sentences with the same words and
another sense keep the network from learning the words alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from classifiers.training.sources import FLAG_INDEX, Example

SOURCE = "invented_sentences"
EACH = 400  # posts with a sentence of each of the four kinds
LONGEST = 300  # characters of a post that gets one: the sentence must stay within what is read

LEAVES = (
    "I am switching to another company next month.",
    "Just cancelled my subscription.",
    "never using you again",
    "We have moved all our accounts elsewhere.",
    "That was my last order with you.",
    "You just lost a customer of {n} years.",
    "done with this company for good",
    "Closing my account today.",
    "I will take my business to your competitor from now on.",
    "First and last time I buy from them!",
    "Won't be coming back.",
    "Boycotting them until this changes.",
    "so I left and I don't miss it one bit",
    "After {n} years I'm out.",
    "#NeverAgain",
    "Deleting the app as we speak.",
    "I'd rather walk than give you another cent.",
    "My whole family is leaving for a different provider.",
    "Not renewing, thanks for nothing.",
    "Last straw, I'm going to the competition.",
)
STAYS = (
    "My train leaves at {n}.",
    "I left my bag on the seat.",
    "Never seen that before.",
    "I left you a message an hour ago.",
    "They left without telling anybody.",
    "Can I cancel one of two items and keep the other?",
    "Been with you for {n} years and hope to stay.",
    "Will try again tomorrow.",
    "My flight was cancelled {n} hours ago.",
    "Still the best of them all though.",
    "I have switched it off and on again.",
    "The last {n} orders were fine.",
)
NAMES = (
    "{name} at the desk was the one I spoke to.",
    "This was at your {place} branch.",
    "Talked to {name} on the phone.",
    "Happened in the {place} store this morning.",
    "Your agent {name} handled it.",
    "flight {flight} from {place}",
    "The manager in {place}, {name}, saw it all.",
    "{name} from your support team knows about it.",
    "It was the crew of {flight}.",
    "Gate {n} at {place} airport.",
    "ask {name} in the {place} office",
)
NAMES_NOBODY = (
    "I spoke to somebody at the desk.",
    "It is the same in every store.",
    "My friend {name} has the same one.",
    "Greetings from {place}.",
    "We are a family of {n}.",
    "Somebody on the phone told me so.",
    "I live in {place} by the way.",
    "My brother {name} says hello.",
    "Tweeting this from my sofa.",
)
PEOPLE = ("Aisha", "Ben", "Carla", "Deepak", "Elena", "Femi", "Grace", "Hiro", "Ines", "Jamal", "Karen", "Luis", "Mei")
PLACES = ("Bristol", "Denver", "Leeds", "Porto", "Tampa", "Lyon", "Pune", "Oslo", "Cork", "Boise", "Perth", "Graz")


def with_sentences(posts: Sequence[Example], seed: int) -> list[Example]:
    """Return copies of posts labelled with flags, each with one invented sentence; the same for the same seed.

    The copy keeps types and flags, sets the flag where the sentence says it, and has no severity, sentiment or
    complaint of its own. No posts in, none out.
    """
    short = [post for post in posts if post.flags is not None and len(post.text) <= LONGEST]
    if not short:
        return []
    chance = random.Random(seed)  # noqa: S311  # chance for training, not for secrets
    complaints = [post for post in short if post.types] or short
    made: list[Example] = []
    for sentences, flag, among in (
        (LEAVES, "leaves", complaints),
        (STAYS, None, short),
        (NAMES, "names_staff_or_place", short),
        (NAMES_NOBODY, None, short),
    ):
        chosen = chance.choices(among, k=min(EACH, len(among)))
        made.extend(_with(post, _filled(chance.choice(sentences), chance), flag) for post in chosen)
    return made


def _with(post: Example, sentence: str, flag: str | None) -> Example:
    flags = set(post.flags or ())
    if flag is not None:
        flags.add(FLAG_INDEX[flag])
    return replace(
        post,
        text=f"{post.text} {sentence}",
        source=SOURCE,
        sentiment=None,
        complaint=None,
        severity=None,
        flags=tuple(sorted(flags)),
        prevalence=False,
    )


def _filled(sentence: str, chance: random.Random) -> str:
    return sentence.format(
        n=chance.randint(2, 20),
        name=chance.choice(PEOPLE),
        place=chance.choice(PLACES),
        flight=f"{chance.choice('ABKLQ')}{chance.choice('ADFX')}{chance.randint(100, 2999)}",
    )
