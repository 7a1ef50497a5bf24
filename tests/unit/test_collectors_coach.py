from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from collectors.base import Post
from collectors.coach import Grade, findings
from collectors.common_words import rank
from collectors.matching import Matcher
from collectors.preview import Looked, poisson, previewed, spread
from config.brands import Alias, AliasKind, Brand
from config.secret import Secret
from config.source_x import XSource
from config.sources import FeedSource, HackerNewsSource
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def brand(*aliases: str | Alias, name: str = "Wobblefern", **more: object) -> Brand:
    made = tuple(a if isinstance(a, Alias) else Alias(text=a) for a in aliases)
    return Brand(name=name, aliases=made, **more)


def alias(text: str, kind: str = "word", *, cased: bool = False) -> Alias:
    return Alias(text=text, kind=AliasKind(kind), case_sensitive=cased)


def post(text: str, number: int = 1, **more: object) -> Post:
    return Post(platform=Platform.X, native_id=str(number), text=text, published_at=NOON, **more)


def told(*brands: Brand, sources: tuple = (), seen: tuple = ()) -> list[tuple[str, str, str]]:
    return [(one.grade.value, one.code, one.term) for one in findings(brands, sources, seen)]


def test_good_words_leave_nothing_to_say():
    good = brand(
        "wobblefern",
        alias("wobblefern", "hashtag"),
        alias("wobblefern.example", "domain"),
        exclusion_words=("recipe",),
    )
    assert told(good) == []


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (alias("!!"), ("error", "punctuation-only")),
        (alias("@", "handle"), ("error", "punctuation-only")),
        (alias("\u2764\ufe0f"), ("error", "punctuation-only")),
        (alias("q"), ("error", "one-character")),
        (alias("\u98df"), ("error", "one-character")),
        (alias("next"), ("error", "common-word")),
        (alias("Target"), ("warn", "common-word")),
        (alias("best buy", "phrase"), ("warn", "common-word")),
        (alias("Target", cased=True), ("hint", "common-word")),
        (alias("wbf"), ("warn", "short")),
        (alias("orange", "hashtag"), ("hint", "common-hashtag")),
        (alias("wobble fern", "handle"), ("error", "handle-with-blank")),
        (alias("wobble fern", "hashtag"), ("error", "hashtag-with-blank")),
        (alias("wobblefern.example/shop", "domain"), ("error", "domain-with-path")),
        (alias("facebook.com", "domain"), ("warn", "shared-host")),
        (alias("wobble-fern", "hashtag"), ("error", "never-heard")),
    ],
)
def test_each_unfit_alias_is_told(one, expected):
    assert told(brand(one)) == [(*expected, one.text)]


def test_capitals_or_context_words_make_a_short_or_common_name_good():
    assert told(brand(alias("WBF", cased=True))) == []
    assert told(brand("orange", "wbf", context_words=("broadband",))) == []
    assert told(brand(alias("Q", cased=True), context_words=("broadband",))) == [("warn", "one-character", "Q")]


def test_an_exclusion_word_inside_an_alias_is_an_error_since_it_never_counts():
    spoilt = brand("wobblefern", alias("wobblefern recipe", "phrase"), exclusion_words=("recipe",))
    assert told(spoilt) == [("error", "excludes-itself", "wobblefern recipe")]


@pytest.mark.parametrize(
    ("aliases", "expected"),
    [
        ((alias("wobblefern"), alias("wobblefern telecom", "phrase")), [("hint", "shadowed", "wobblefern telecom")]),
        ((alias("wobblefern telecom", "phrase"), alias("wobblefern")), [("hint", "shadowed", "wobblefern telecom")]),
        ((alias("wobblefern"), alias("WobbleFern")), [("warn", "twice", "WobbleFern")]),
        ((alias("wobblefern"), alias("Wobblefern", cased=True)), [("hint", "shadowed", "Wobblefern")]),
        ((alias("Wobblefern", cased=True), alias("wobblefern telecom", "phrase")), []),
        ((alias("wobblefern"), alias("wobblefern", "handle")), [("hint", "shadowed", "wobblefern")]),
        ((alias("wobblefern"), alias("wobblefern", "hashtag")), []),
        ((alias("a.example", "domain"), alias("shop.a.example", "domain")), [("hint", "shadowed", "shop.a.example")]),
    ],
)
def test_an_alias_that_another_one_covers_is_told_once(aliases, expected):
    assert told(brand(*aliases)) == expected


def test_with_context_words_a_handle_is_not_covered_by_the_word():
    assert told(brand("wobblefern", alias("wobblefern", "handle"), context_words=("router",))) == []


def test_posts_that_count_for_two_brands_are_told():
    one, other = brand("wobblefern"), brand("wobblefern mobile", "brackenline", name="Brackenline")
    assert told(one, other) == [("hint", "heard-for-another", "wobblefern mobile")]
    apart = brand("wobblefern", exclusion_words=("wobblefern mobile",))
    assert told(apart, other) == []
    assert told(one, brand("Wobblefern", name="Twin")) == [
        ("warn", "heard-for-another", "wobblefern"),
        ("warn", "heard-for-another", "Wobblefern"),
    ]


def test_context_and_exclusion_words_that_do_harm_or_nothing_are_told():
    spoilt = brand(
        "delta",
        context_words=("flight", "the", "delta", "x", "delta dental"),
        exclusion_words=("dental", "and", "?", "variant"),
    )
    assert told(spoilt) == [
        ("error", "common-exclusion", "and"),
        ("error", "exclusion-too-short", "?"),
        ("warn", "common-context", "the"),
        ("warn", "context-is-alias", "delta"),
        ("warn", "context-too-short", "x"),
        ("warn", "context-excluded", "delta dental"),
    ]
    idle = brand(alias("wobblefern", "handle"), context_words=("router",))
    assert told(idle) == [("hint", "idle-context", "")]


def test_words_that_never_occur_are_told_once_there_are_enough_posts():
    posts = tuple(post(f"the wobblefern router {n}", n) for n in range(200))
    rare = brand(
        "wobblefern",
        alias("wobblefern telecom ltd", "phrase"),
        alias("wobblefern.example", "domain"),
        alias("fernwobble"),
        context_words=("router", "modem"),
    )
    assert ("warn", "phrase-unseen", "wobblefern telecom ltd") in told(rare, seen=posts)
    assert ("hint", "alias-unseen", "fernwobble") in told(rare, seen=posts)
    assert ("hint", "context-unseen", "modem") in told(rare, seen=posts)
    unseen = [term for _, code, term in told(rare, seen=posts) if code.endswith("unseen")]
    assert unseen == ["wobblefern telecom ltd", "fernwobble", "modem"]
    assert not [code for _, code, _ in told(rare, seen=posts[:199]) if code.endswith("unseen")]


def x_source(*terms: str, **more: object) -> XSource:
    return XSource(name="x", bearer_token=Secret("env:UNUSED"), terms=terms, **more)


def test_queries_that_bring_the_world_are_told_and_so_is_what_it_costs():
    source = HackerNewsSource(name="hn", queries=("q", "next", "target", "wobblefern", "?!"))
    said = findings((), (source,))
    assert [(one.grade, one.code, one.place) for one in said] == [
        (Grade.ERROR, "one-character", "sources[0].queries[0]"),
        (Grade.ERROR, "common-query", "sources[0].queries[1]"),
        (Grade.ERROR, "punctuation-only", "sources[0].queries[4]"),
        (Grade.WARN, "common-query", "sources[0].queries[2]"),
    ]
    paid = findings((), (x_source("target"),))
    assert "paid for" in paid[0].why


def test_a_query_that_x_would_refuse_or_split_is_told():
    many = tuple(f"wobblefern product number {n:02}" for n in range(30))
    assert told(sources=(x_source(*many),)) == [("hint", "split-query", "")]
    assert told(sources=(x_source("#wobblefern"),)) == [("warn", "not-in-query", "")]


def test_aliases_that_no_query_asks_for_are_told():
    listened = brand("wobblefern", alias("wobblefern telecom", "phrase"), alias("fernwobble"))
    half = HackerNewsSource(name="hn", queries=("wobblefern",))
    said = [one for one in findings((listened,), (half,)) if one.code == "not-asked-for"]
    assert [one.why for one in said] == ["asks for Wobblefern, but not for fernwobble"]
    whole = HackerNewsSource(name="hn", queries=("wobblefern", "fernwobble"))
    feed = FeedSource(name="news", url="https://news.example/rss")
    none_of_it = HackerNewsSource(name="hn2", queries=("brackenline",))
    assert "not-asked-for" not in {code for _, code, _ in told(listened, sources=(whole, feed, none_of_it))}


def test_the_gravest_stand_first_and_each_says_where_and_what_to_do():
    said = findings((brand("wbf", "next"),))
    assert [one.grade for one in said] == [Grade.ERROR, Grade.WARN]
    assert (said[0].place, said[0].of, said[0].term) == ("brands[0].aliases[1]", "Wobblefern", "next")
    assert all(one.why and one.do for one in said)


def test_the_list_of_common_words_knows_words_and_not_names():
    assert all(rank(word) for word in ("the", "about", "target", "gap", "orange", "visa", "apple", "can't", "can’t"))
    assert [word for word in ("wobblefern", "lufthansa", "nike", "q", "") if rank(word)] == []


def test_explaining_agrees_with_matching_on_any_post():
    rng = random.Random(7)
    words = ["delta", "Delta", "@delta", "#DeltaFail", "flight", "variant", "gap", "x", "https://delta.example/a", "!"]
    brands = (
        brand("delta", alias("delta", "handle"), alias("delta", "hashtag"), alias("delta.example", "domain"),
              name="Delta", context_words=("flight",), exclusion_words=("variant",)),
        brand("gap", name="Gap"),
    )  # fmt: skip
    matcher = Matcher(brands)
    for number in range(500):
        one = post(
            " ".join(rng.choices(words, k=rng.randrange(7))),
            number,
            title=" ".join(rng.choices(words, k=rng.randrange(3))) or None,
            links=("https://delta.example/",) if rng.random() < 0.2 else (),
        )
        explained = matcher.explained(one)
        assert tuple(m for told in explained for _, m in told.counted) == matcher.matches(one)


def test_explaining_says_which_word_was_missing_or_in_the_way():
    matcher = Matcher((brand("delta", context_words=("flight", "gate"), exclusion_words=("variant",), name="Delta"),))
    assert matcher.explained(post("nothing")) == ()
    (lacking,) = matcher.explained(post("the delta of a river"))
    assert ([m.start for _, m in lacking.refused], lacking.heard, lacking.counted) == ([4], (), ())
    (excluded,) = matcher.explained(post("delta variant grounds my flight"))
    assert (excluded.context, excluded.excluded_by, excluded.counted) == (("flight",), ("variant",), ())
    assert [m.alias for _, m in excluded.heard] == ["delta"]


def test_a_preview_counts_what_would_count_and_why_the_rest_would_not():
    delta = brand(
        alias("delta"), alias("Delta", "handle"), name="Delta", context_words=("flight",), exclusion_words=("variant",)
    )
    texts = ["delta flight late", "@Delta flight", "delta variant and a flight", "river delta", "no name"]
    looked = [
        Looked("a" if number < 3 else "b", Post(platform=Platform.X, native_id=str(number), text=text,
                                               published_at=NOON + timedelta(hours=12 * number)))
        for number, text in enumerate(texts)
    ]  # fmt: skip
    found = previewed(looked, delta)
    assert [sample.looked.post.native_id for sample in found.counted] == ["0", "1"]
    assert [(sample.looked.post.native_id, sample.why) for sample in found.excluded] == [("2", "variant")]
    assert [sample.looked.post.native_id for sample in found.refused] == ["3"]
    assert found.by_alias == {"delta": (2, 1), "@Delta": (1, 0)}
    assert found.by_exclusion == {"variant": 1}
    assert (found.doubtful, found.doubtful_share) == ((), 0.0)
    assert [(v.source, v.looked_at, v.counted, v.span) for v in found.volumes] == [
        ("a", 3, 2, timedelta(days=1)),
        ("b", 2, 0, timedelta(hours=12)),
    ]
    pace = found.volumes[0].per_day
    assert pace is not None
    assert pace == (2.0, *poisson(2))


def test_a_match_by_an_everyday_word_alone_is_doubtful():
    orange = brand("orange", alias("Orange", "handle"), alias("wobblefern"), name="Orange")
    texts = ["an orange a day", "@Orange orange", "orange by wobblefern"]
    found = previewed([Looked("a", post(text, n)) for n, text in enumerate(texts)], orange)
    assert [sample.looked.post.text for sample in found.doubtful] == ["an orange a day"]
    assert found.doubtful_share == pytest.approx(1 / 3)


def test_a_preview_of_nothing_is_empty_and_one_moment_tells_no_pace():
    empty = previewed([], brand("wobblefern"))
    assert (empty.looked_at, empty.counted, empty.volumes, empty.doubtful_share) == (0, (), (), 0.0)
    assert previewed([Looked("a", post("wobblefern"))], brand("wobblefern")).volumes[0].per_day is None


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.69), (3, 0.62, 8.77), (10, 4.80, 18.39), (1000, 939, 1064)]
)
def test_the_interval_of_a_count_is_poissons(count, low, high):
    assert poisson(count) == pytest.approx((low, high), rel=0.03, abs=0.01)


def test_samples_are_spread_over_all():
    found = previewed([Looked("a", post("wobblefern", n)) for n in range(100)], brand("wobblefern"))
    assert [s.looked.post.native_id for s in spread(found.counted, 4)] == ["0", "25", "50", "75"]
    assert len(spread(found.counted, 500)) == 100
