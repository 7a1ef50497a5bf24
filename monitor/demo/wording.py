"""Composes one invented post from the sentences of its subject."""

from __future__ import annotations

import re
from random import Random

from config.vocabulary import Platform
from monitor.demo.clauses import HAPPENED, WORDS
from monitor.demo.phrases import ENDS, FIELD, MEANT, TITLES

NOT_COMPLAINTS = {
    "praise": "praise",
    "question": "plain",
    "remark": "plain",
    "elsewhere": "plain",
}
ALONE = frozenset({"sarcasm", "elsewhere", "remark"})  # said in one sentence, nothing is added

STYLES = {"plain": 50, "small": 14, "undotted": 14, "loud": 8, "excited": 8, "trailing": 6}  # in 100 posts
TOLD_IN_TWO_STEPS = 0.5  # share of complaints on Reddit
ENDED = 0.6  # share of posts with a word at the end

_SLOT = re.compile(r"\{(\w+)\}")


class Deck:
    """Sentences dealt like cards: none comes again before all of its pile have been dealt."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.piles: dict[tuple[str, ...], list[str]] = {}

    def deal(self, sentences: tuple[str, ...]) -> str:
        """The next of the sentences, its words in braces filled in."""
        pile = self.piles.setdefault(sentences, [])
        if not pile:
            pile.extend(self.rng.sample(sentences, len(sentences)))
        return filled(pile.pop(), self.rng)


def tone(subject: str) -> str:
    """How a post on the subject goes on: "complaint", "praise" or "plain"."""
    return NOT_COMPLAINTS.get(subject, "complaint")


def filled(sentence: str, rng: Random) -> str:
    """The sentence with its words in braces chosen: stations differ within it, other words stay the same."""
    chosen: dict[str, str] = {}
    stations = [station for station in WORDS["station"] if station in sentence]

    def choose(slot: re.Match[str]) -> str:
        name = slot.group(1)
        if name == "station":
            stations.append(rng.choice([word for word in WORDS["station"] if word not in stations]))
            return stations[-1]
        if name not in chosen:
            chosen[name] = rng.choice(WORDS[name])
        return chosen[name]

    text = _SLOT.sub(choose, sentence)
    return text[:1].upper() + text[1:]


def composed(subject: str, platform: Platform, deck: Deck) -> str:
    """A post on the subject, as long as people write on the platform; it names the company unless "elsewhere"."""
    mood, rng = tone(subject), deck.rng
    is_tale = platform is Platform.REDDIT and mood == "complaint" and rng.random() < TOLD_IN_TWO_STEPS
    steps = 2 if is_tale else 1
    sentences = [deck.deal(HAPPENED[subject]) for _ in range(steps)]
    if subject not in ALONE:
        sentences += _further(FIELD[subject], mood, platform, deck)
    text = _in_style(" ".join(sentences), mood, rng)
    return text if subject == "elsewhere" or "larkspoon" in text.casefold() else _named(text, mood, platform, rng)


def entitled(subject: str, rng: Random) -> str:
    """A title for the post, where the platform has titles."""
    return rng.choice(TITLES[tone(subject)])


def _further(field: str, mood: str, platform: Platform, deck: Deck) -> list[str]:
    """What else is said: at length on Reddit, briefly elsewhere."""
    is_long, rng = platform is Platform.REDDIT, deck.rng
    count = rng.choice((1, 2, 3)) if is_long else rng.choice((0, 0, 1, 1, 2))
    sentences = [deck.deal(MEANT[field]) for _ in range(count)]
    if rng.random() < ENDED:
        sentences.append(rng.choice(ENDS[mood]))
    return sentences


def _in_style(text: str, mood: str, rng: Random) -> str:
    """The same words as different people type them."""
    match rng.choices(tuple(STYLES), tuple(STYLES.values()))[0]:
        case "small":
            return text.lower().rstrip(".")
        case "undotted":
            return text.rstrip(".")
        case "loud" if mood == "complaint":
            words = text.split(" ")
            loud = rng.randrange(len(words))
            return " ".join([*words[:loud], words[loud].upper(), *words[loud + 1 :]])
        case "excited":
            return text.replace(".", "!!" if mood == "complaint" else "!")
        case "trailing":
            return text.replace(". ", "... ")
    return text


def _named(text: str, mood: str, platform: Platform, rng: Random) -> str:
    is_complaint = mood == "complaint"
    tag = rng.choice(("#LarkspoonRail", "#LarkspoonFail", "#larkspoon")) if is_complaint else "#LarkspoonRail"
    if platform is Platform.X:
        return rng.choice((f"@LarkspoonRail {text}", f"{text} {tag}", f"{text} @LarkspoonRail"))
    if platform is Platform.BLUESKY:
        return rng.choice((f"{text} {tag}", f"Larkspoon Rail: {text}"))
    if is_complaint:
        return rng.choice((f"Larkspoon Rail again. {text}", f"{text} That is Larkspoon for you."))
    return f"Larkspoon Rail: {text}"
