"""The sources of training posts: where each lies, whose terms it has, and what its labels mean here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment

TYPE_INDEX = {name: index for index, name in enumerate(COMPLAINT_TYPES)}
FLAG_INDEX = {flag.value: index for index, flag in enumerate(Flag)}
SENTIMENT_INDEX = {name.value: index for index, name in enumerate(Sentiment)}
NEGATIVE, NEUTRAL, POSITIVE = range(3)


@dataclass(frozen=True, slots=True)
class Example:
    """One post with the labels its source has; None where the source says nothing."""

    text: str
    source: str
    group: str = ""  # rows of one group never stand on both sides of a split; "" = by text
    sentiment: int | None = None
    weight: float = 1.0  # of the sentiment label: below 1 where it is noisy or derived
    complaint: int | None = None
    types: tuple[int, ...] | None = None  # the main one first; () = no complaint
    severity: int | None = None
    flags: tuple[int, ...] | None = None
    about: str = ""  # the brand that the post is about, where the source has several; figures are given for each
    side: tuple[str, str] | None = None  # a side task and its label: shapes the encoder, is not shipped
    prevalence: bool = True  # part of a plain sample of its source, fit to validate on

    def __post_init__(self) -> None:
        """Refuse labels out of range."""
        if self.sentiment is not None and self.sentiment not in range(3):
            raise ValueError(f"{self.source}: sentiment {self.sentiment}")
        if self.severity is not None and self.severity not in range(4):
            raise ValueError(f"{self.source}: severity {self.severity}")


Row = Mapping[str, str]
Reader = Callable[[Row], Example | None]


@dataclass(frozen=True, slots=True)
class TrainingSource:
    """One folder of labelled posts."""

    name: str
    licence: str  # as stated by the source
    read: Reader  # None = the row has no label that serves
    stage1: float = 0.0  # share of the rows in an epoch of the sentiment stage
    stage2: float = 0.0  # share of the rows in an epoch of the joint stage; 2.0 = each row twice
    held: int = 20  # per cent of the groups set aside for validation
    non_commercial: bool = False  # never in shipped weights


def _sentiment(row: Row, source: str, value: str, weight: float = 1.0, group: str = "") -> Example | None:
    index = SENTIMENT_INDEX.get(value)
    if index is None:
        return None
    return Example(row["text"], source, group=group, sentiment=index, weight=weight)


def _tweeteval(row: Row) -> Example | None:
    if row["in_tweeteval"] != "1":  # 2016devtest: not part of the benchmark's training set
        return None
    return _sentiment(row, "tweeteval_sentiment", row["label_name"])


def _umsab(row: Row) -> Example | None:
    if row["lang"] != "english":
        return None
    return _sentiment(row, "umsab_multilingual", row["label_name"])


_GOEMOTIONS_POSITIVE = frozenset(
    (
        "admiration",
        "amusement",
        "approval",
        "caring",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    )
)
_GOEMOTIONS_NEGATIVE = frozenset(
    (
        "anger",
        "annoyance",
        "disappointment",
        "disapproval",
        "disgust",
        "embarrassment",
        "fear",
        "grief",
        "nervousness",
        "remorse",
        "sadness",
    )
)


def _goemotions(row: Row) -> Example | None:
    labels = set(row["labels"].split())
    example = _goemotions_sentiment(row, labels)
    if len(labels) != 1:
        return example
    side = ("goemotions", next(iter(labels)))
    return Example(row["text"], "goemotions", side=side) if example is None else replace(example, side=side)


def _goemotions_sentiment(row: Row, labels: set[str]) -> Example | None:
    if labels <= _GOEMOTIONS_POSITIVE:
        value = "positive"
    elif labels <= _GOEMOTIONS_NEGATIVE:
        value = "negative"
    elif labels == {"neutral"}:
        value = "neutral"
    else:  # mixed, or an emotion without a side such as curiosity
        return None
    return _sentiment(row, "goemotions", value, 0.5)


def _sanders(row: Row) -> Example | None:
    example = _sentiment(row, "brand_sanders", row["label"])
    return None if example is None else replace(example, about=row.get("brand", ""))


def _apple(row: Row) -> Example | None:
    return _sentiment(row, "brand_apple", row["label"], float(row["confidence"] or 0.5))


_SXSW = {
    "Positive emotion": "positive",
    "Negative emotion": "negative",
    "No emotion toward brand or product": "neutral",
}


def _sxsw(row: Row) -> Example | None:
    return _sentiment(row, "brand_sxsw", _SXSW.get(row["label"], ""), 0.5)


def _entity(row: Row) -> Example | None:
    return _sentiment(row, "brand_entity_sentiment", row["label"].lower(), 0.5, group=f"gid {row['gid']}")


def _target(row: Row) -> Example | None:
    return _sentiment(row, "twitter_target_sentiment", row["polarity"], 0.5)  # towards one thing in the tweet


def _side(source: str, column: str) -> Reader:
    """Read a source whose label teaches the encoder something near our tasks, without being one of them."""

    def read(row: Row) -> Example | None:
        return Example(row["text"], source, side=(source, row[column])) if row[column] else None

    return read


def _sarcasm(row: Row) -> Example | None:
    if row["lang"] != "en":
        return None
    return Example(row["text"], "isarcasm", side=("isarcasm", row["sarcastic"]))


def _complaint_tweet(row: Row) -> Example | None:
    sentiment = SENTIMENT_INDEX.get(row["sentiment"])
    return Example(row["text"], "complaints_tweets", sentiment=sentiment, complaint=int(row["complaint"]))


def _airline_complaint(row: Row) -> Example | None:
    complaint = int(row["complaint"])
    sentiment = NEGATIVE if complaint else None  # derived; the absence of a complaint says nothing
    return Example(row["text"], "complaints_airline_tweets", sentiment=sentiment, weight=0.5, complaint=complaint)


def _product_review(row: Row) -> Example | None:
    return Example(
        row["text"],
        "complaints_product_reviews",
        sentiment=int(row["sentiment_code"]),
        complaint=int(row["complaint"]),
    )


CHOSEN_FROM = 20_000  # ids of complaint_types from here on were chosen for their rare types
NON_COMMERCIAL = frozenset({"airline_sentiment", "twacs_airline_support"})
# People have said of these posts whether they complain: their word stands, not the annotating model's.
WITH_OWN_COMPLAINT = frozenset({"complaints_tweets", "complaints_airline_tweets", "complaints_product_reviews"})
WITHOUT_OWN_SENTIMENT = frozenset({"complaints_airline_tweets", "app_reviews", "cfpb_narratives"})


def _complaint_types(row: Row) -> Example | None:
    types = tuple(TYPE_INDEX[name] for name in row["types"].split())
    flags = tuple(FLAG_INDEX[name] for name in row["flags"].split())
    example = Example(
        row["text"],
        f"complaint_types/{row['source']}",
        complaint=None if row["source"] in WITH_OWN_COMPLAINT else int(bool(types)),
        types=types,
        severity=int(row["severity"]),
        flags=flags,
        prevalence=int(row["id"]) < CHOSEN_FROM,
    )
    return derived_sentiment(example) if row["source"] in WITHOUT_OWN_SENTIMENT else example


def derived_sentiment(example: Example) -> Example:
    """Return the example with the sentiment that its types and praise imply; as it is where they say both."""
    types, praises = bool(example.types), FLAG_INDEX["praise"] in (example.flags or ())
    if types and praises:
        return example
    derived = NEGATIVE if types else POSITIVE if praises else NEUTRAL
    return replace(example, sentiment=derived, weight=0.5)


def _airline(row: Row) -> Example | None:
    weight = float(row["airline_sentiment_confidence"] or 1.0)
    return _sentiment(row, "airline_sentiment", row["airline_sentiment"], weight, f"author {row['author_hash']}")


_TWEETEVAL = "without any restrictions (tasks' and Twitter's terms)"

SOURCES: tuple[TrainingSource, ...] = (
    TrainingSource(
        "tweeteval_sentiment",
        _TWEETEVAL,
        _tweeteval,
        1.0,
        0.4,
        5,
    ),
    TrainingSource(
        "tweet_sentiment_extraction",
        "none stated",
        lambda row: _sentiment(row, "tweet_sentiment_extraction", row["sentiment"]),
        1.0,
        0.2,
        2,
    ),
    TrainingSource("umsab_multilingual", "Apache-2.0", _umsab, 1.0, 1.0, 0),
    TrainingSource("goemotions", "Apache-2.0", _goemotions, 0.5, 0.1, 0),
    TrainingSource(
        "brand_sanders",
        "none stated",
        _sanders,
        1.0,
        1.0,
        15,
    ),
    TrainingSource("brand_apple", "none stated", _apple, 1.0, 1.0, 15),
    TrainingSource("brand_sxsw", "none stated", _sxsw, 1.0, 0.3, 15),
    TrainingSource("brand_entity_sentiment", "none stated", _entity, 1.0, 0.5, 15),
    TrainingSource("complaints_tweets", "none stated", _complaint_tweet, 1.0, 1.0),
    TrainingSource("complaints_airline_tweets", "none stated", _airline_complaint, 0.0, 1.0),
    TrainingSource("complaints_product_reviews", "MIT", _product_review, 1.0, 1.0),
    TrainingSource("complaint_types", "labels CC0, texts as their source", _complaint_types, 0.0, 2.5, 25),
    TrainingSource("twitter_target_sentiment", "MIT", _target, 1.0, 0.3, 0),
    TrainingSource("tweeteval_emotion", _TWEETEVAL, _side("tweeteval_emotion", "label_name"), 1.0, 0.3, 0),
    TrainingSource("tweeteval_irony", _TWEETEVAL, _side("tweeteval_irony", "label_name"), 1.0, 0.5, 0),
    TrainingSource("tweeteval_offensive", _TWEETEVAL, _side("tweeteval_offensive", "label_name"), 0.5, 0.1, 0),
    TrainingSource("tweeteval_hate", _TWEETEVAL, _side("tweeteval_hate", "label_name"), 0.3, 0.0, 0),
    TrainingSource("isarcasm", "MIT", _sarcasm, 1.0, 0.5, 0),
    TrainingSource("banking77", "CC BY 4.0", _side("banking77", "category"), 0.5, 0.2, 0),
    TrainingSource("app_reviews", "none stated", _side("app_reviews", "label"), 1.0, 0.5, 0),
    TrainingSource(
        "bitext_support_intents", "CDLA-Sharing-1.0", _side("bitext_support_intents", "intent"), 0.3, 0.1, 0
    ),
    TrainingSource("airline_sentiment", "CC BY-NC-SA 4.0", _airline, 0.0, 0.0, held=100, non_commercial=True),
)


def readable(source: TrainingSource, rows: Iterator[Row]) -> Iterator[Example]:
    """Yield the examples of a source's rows; rows without a serving label are left out."""
    for row in rows:
        example = source.read(row)
        if example is not None and example.text.strip():
            yield example


def is_non_commercial(example: Example) -> bool:
    """Whether an example's text or labels come from a source that allows no commercial use."""
    return example.source.rpartition("/")[2] in NON_COMMERCIAL
