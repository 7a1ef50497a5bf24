"""Which route a mention takes."""

from __future__ import annotations

import pytest
from mentions import a_mention

from alerts.routing import Considered, Routing, explain, holds_word, route
from config.alerting import Route, When
from config.vocabulary import Platform, Severity

DEFAULT = Route(name="rest", channels=("care",))


def a_route(name="money", channels=("finance",), go_on=False, quiet=False, **when):
    return Route.model_validate(
        {"name": name, "channels": channels, "continue": go_on, "quiet": quiet, "when": When(**when)}
    )


def test_the_first_route_that_holds_takes_it():
    routes = [a_route("a", types=("staff",)), a_route("b", types=("billing",)), a_route("c")]
    assert route(a_mention(), routes, DEFAULT) == Routing(
        ("b",), ("finance",), False, ("b: type billing in (billing)",)
    )


def test_a_route_that_continues_lets_the_next_one_see_it_too():
    routes = [
        a_route("a", ("x", "y"), go_on=True, min_severity=Severity.MILD),
        a_route("b", ("z",), types=("staff",)),
        a_route("c", ("y", "z"), platforms=(Platform.X,)),
        a_route("d", ("w",)),
    ]
    assert route(a_mention(), routes, DEFAULT) == Routing(
        ("a", "c"), ("x", "y", "z"), False, ("a: severity serious >= mild", "c: platform x in (x)")
    )


def test_the_default_takes_what_no_route_takes():
    assert route(a_mention(), [a_route(types=("staff",))], DEFAULT) == Routing(
        ("rest",), ("care",), False, ("rest: no other route took it",)
    )


def test_the_default_is_not_asked_after_a_route_that_continues():
    assert route(a_mention(), [a_route("a", go_on=True)], DEFAULT).names == ("a",)


def test_a_quiet_route_tells_nobody():
    routing = route(a_mention(), [a_route("hush", (), quiet=True)], DEFAULT)
    assert (routing.names, routing.channels, routing.quiet) == (("hush",), (), True)


def test_a_quiet_route_that_continues_leaves_the_next_one_loud():
    routing = route(a_mention(), [a_route("hush", (), quiet=True, go_on=True), a_route("b")], DEFAULT)
    assert (routing.names, routing.channels, routing.quiet) == (("hush", "b"), ("finance",), False)


def test_every_condition_must_hold_and_is_told():
    routing = route(
        a_mention(),
        [
            a_route(
                brands=("Lumen Bank",),
                platforms=(Platform.X, Platform.REDDIT),
                types=("support", "staff"),
                min_severity=Severity.SERIOUS,
                languages=("en",),
                min_reach=10_000,
                keywords=("charged twice", "third week"),
            )
        ],
        DEFAULT,
    )
    (why,) = routing.why
    assert why == (
        "money: brand Lumen Bank in (Lumen Bank); platform x in (x, reddit); type support in (support, staff); "
        'severity serious >= serious; language en in (en); reach 12300 >= 10000; keyword "third week"'
    )


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ({"brands": ("Other",)}, "brand Lumen Bank not in (Other)"),
        ({"platforms": (Platform.REDDIT,)}, "platform x not in (reddit)"),
        ({"types": ("staff",)}, "type billing, support not in (staff)"),
        ({"min_severity": Severity.CRITICAL}, "severity serious < critical"),
        ({"languages": ("de",)}, "language en not in (de)"),
        ({"min_reach": 12_301}, "reach 12300 < 12301"),
        ({"keywords": ("lawyer", "press")}, "no keyword of (lawyer, press)"),
    ],
)
def test_each_condition_alone_can_keep_a_route_from_holding(when, why):
    assert explain(a_mention(), [a_route(**when)], DEFAULT) == (
        Considered("money", False, why, ()),
        Considered("rest", True, "no other route took it", ("care",)),
    )


def test_unknown_reach_counts_as_none():
    considered = explain(a_mention(followers=None), [a_route(min_reach=1)], DEFAULT)
    assert considered[0] == Considered("money", False, "reach unknown < 1", ())


def test_routes_behind_the_one_that_took_it_are_not_asked():
    assert explain(a_mention(), [a_route("a"), a_route("b")], DEFAULT) == (
        Considered("a", True, "takes everything", ("finance",)),
        Considered("b", False, "not asked, an earlier route has taken it", ()),
        Considered("rest", False, "not asked, an earlier route has taken it", ()),
    )


def test_a_keyword_in_the_title_counts():
    routing = route(a_mention(title="Call your LAWYER"), [a_route(keywords=("lawyer",))], DEFAULT)
    assert routing.names == ("money",)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("I will sue you", "sue"),
        ("SUE", "sue"),
        ("(sue!)", "Sue"),
        ("die Straße ist", "STRASSE"),
        ("my card  was\nstolen", "card was stolen"),
        ("\uff33\uff55\uff45 them", "sue"),
        ("cafe\u0301 closed", "café"),
        ("銀行は詐欺だと思う", "詐欺"),
        ("C++ is dead", "c++"),
        ("#refund now", "refund"),
    ],
)
def test_a_keyword_is_found_as_a_whole_word(text, keyword):
    assert holds_word(text, keyword)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("an issue", "sue"),
        ("sued", "sue"),
        ("pursue", "sue"),
        ("card is stolen", "card stolen"),
        ("naïve", "na"),
        ("नमस्ते", "नम"),
        ("a.b", "a+b"),
        ("anything", "  "),
    ],
)
def test_a_part_of_a_word_is_no_keyword(text, keyword):
    assert not holds_word(text, keyword)
