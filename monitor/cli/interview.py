"""What is asked of a post that is to be labelled, one key for each answer. Pure: answers in, next question out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from config.vocabulary import Flag, Sentiment, Severity
from monitor.store.labels import Labels, given

DONE = "\r"  # the Enter key, as a terminal gives it
_PLACES = "1234567890acdefghijklmnoprtuvwxyz"  # keys for types; b, q and s mean back, quit and skip

_SENTIMENTS = {"n": Sentiment.NEGATIVE, "u": Sentiment.NEUTRAL, "p": Sentiment.POSITIVE}
_FLAGS = {"l": Flag.LEAVES, "r": Flag.NEEDS_REPLY, "p": Flag.PRAISE, "m": Flag.NAMES_STAFF_OR_PLACE}
_SEVERITIES = {"1": Severity.MILD, "2": Severity.SERIOUS, "3": Severity.CRITICAL}
_FLAG_WORDS = {"l": "leaves", "r": "needs a reply", "p": "praises", "m": "names staff or a place"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what each key means."""

    label: str
    words: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answers:
    """What has been answered so far; None: not asked yet."""

    sentiment: Sentiment | None = None
    complaint: bool | None = None
    types: tuple[str, ...] = ()
    types_done: bool = False
    severity: Severity | None = None
    flags: tuple[Flag, ...] = ()
    flags_done: bool = False

    @property
    def labels(self) -> Labels:
        """The answers as labels.

        Raises:
            ValueError: a question is still open.
        """
        if not self.flags_done:
            raise ValueError("a question is still open")
        return given(
            sentiment=self.sentiment,
            complaint=self.complaint,
            types=self.types or None,
            severity=self.severity,
            flags=self.flags,
        )


def question(answers: Answers, types: Mapping[str, str]) -> Question | None:
    """What is asked next; None: all is answered. `types` are the complaint types with what people read."""
    match _open(answers):
        case "sentiment" as label:
            words, keys = "How does it speak of us?", {key: word.value for key, word in _SENTIMENTS.items()}
        case "complaint" as label:
            words, keys = "Does the customer complain of something?", {"y": "yes", "n": "no"}
        case "types" as label:
            words = "Of what else?" if answers.types else "Of what, mainly?"
            keys = {key: meaning for key, (name, meaning) in _places(types).items() if name not in answers.types}
            keys[DONE] = "nothing else" if answers.types else "cannot tell"
        case "severity" as label:
            words, keys = "How bad is it?", {key: level.name.lower() for key, level in _SEVERITIES.items()}
        case "flags" as label:
            words = "Does it say more?"
            keys = {key: word for key, word in _FLAG_WORDS.items() if _FLAGS[key] not in answers.flags}
            keys[DONE] = "nothing else" if answers.flags else "no"
        case _:
            return None
    return Question(label, words, keys)


def _open(answers: Answers) -> str | None:
    """The label that is asked next."""
    order = {
        "sentiment": answers.sentiment is None,
        "complaint": answers.complaint is None,
        "types": bool(answers.complaint) and not answers.types_done,
        "severity": bool(answers.complaint) and answers.severity is None,
        "flags": not answers.flags_done,
    }
    return next((label for label, is_open in order.items() if is_open), None)


def answered(answers: Answers, asked: Question, key: str, types: Mapping[str, str]) -> Answers | None:
    """The answers with this key's; None: the key means nothing here."""
    key = DONE if key == "\n" else key.lower()
    if key not in asked.keys:
        return None
    match asked.label:
        case "sentiment":
            return replace(answers, sentiment=_SENTIMENTS[key])
        case "complaint":
            return replace(answers, complaint=key == "y")
        case "severity":
            return replace(answers, severity=_SEVERITIES[key])
        case "types":
            places = _places(types)
            chosen = answers.types if key == DONE else (*answers.types, places[key][0])
            return replace(answers, types=chosen, types_done=key == DONE or len(chosen) == len(places))
        case _:
            flags = answers.flags if key == DONE else (*answers.flags, _FLAGS[key])
            return replace(answers, flags=flags, flags_done=key == DONE or len(flags) == len(_FLAGS))


def _places(types: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The key of each type, in their order; types beyond the last key are reached by `monitor correct`."""
    return dict(zip(_PLACES, types.items(), strict=False))
