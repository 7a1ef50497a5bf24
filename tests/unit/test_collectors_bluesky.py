from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bluesky_candidate import PACE, a_password
from bluesky_server import JetstreamServer, Network, Row, account, commit
from faulty_server import Answer

from collectors.base import (
    AccessDenied,
    Checked,
    Engagement,
    Gone,
    Harvest,
    Post,
    RateLimited,
    Rechecked,
    Reject,
    SourceDown,
    SourceError,
    UnexpectedReply,
)
from collectors.bluesky import NO_LONGER, BlueskyCollector
from collectors.bluesky_cursor import read_state
from collectors.bluesky_piece import Pace
from collectors.bluesky_posts import of_view
from config.secret import Secret
from config.source_bluesky import BlueskySource
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHARED = Path(os.environ.get("MONITOR_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
RECORDED = SHARED / "recordings" / "bskyr"
MIA = "did:plc:mia"
ROOM = replace(PACE, piece=1_000)
Build = Callable[..., BlueskyCollector]


@pytest.fixture
def stream() -> Iterator[JetstreamServer]:
    with JetstreamServer() as stream:
        yield stream


@pytest.fixture
def network(stream: JetstreamServer) -> Iterator[Network]:
    with Network(stream) as network:
        yield network


@pytest.fixture
def build(network: Network, tmp_path: Path) -> Iterator[Build]:
    """Makes collectors, and ends their threads."""
    made: list[BlueskyCollector] = []

    def one(*, login: bool = False, now: datetime = NOON, pace: Any = ROOM, **settings: Any) -> BlueskyCollector:
        if login:
            settings = {"handle": "brand.example", "app_password": a_password(tmp_path), **settings}
        source = BlueskySource(
            name="bluesky",
            servers=settings.pop("servers", (network.stream.url,)),
            service_url=network.base,
            since=timedelta(hours=1),
            allow_private_address=settings.pop("allow_private_address", True),
            **settings,
        )
        made.append(BlueskyCollector(source, user_agent="monitor/test", clock=lambda: now, pace=pace))
        return made[-1]

    yield one
    for collector in made:
        collector.close()


def a_round(collector: BlueskyCollector, cursor: str | None = None) -> Harvest:
    parts: list[Harvest] = []
    for _ in range(200):
        parts.append(collector.collect(cursor))
        cursor = parts[-1].cursor
        if not parts[-1].more:
            return Harvest(
                posts=[post for part in parts for post in part.posts],
                rejects=[reject for part in parts for reject in part.rejects],
                gone=[gone for part in parts for gone in part.gone],
                lost=[loss for part in parts for loss in part.lost],
                notes=[note for part in parts for note in part.notes],
                requests=sum(part.requests for part in parts),
                gaps=parts[-1].gaps,
                cursor=cursor,
            )
    raise AssertionError("never ends")


def until_something(collector: BlueskyCollector, cursor: str | None) -> Harvest:
    """Ask until there are posts, as the daemon would in time."""
    for _ in range(200):
        harvest = collector.collect(cursor)
        if harvest.posts:
            return harvest
        cursor = harvest.cursor
        time.sleep(0.01)
    raise AssertionError("nothing ever comes")


def ids(harvest: Harvest) -> list[str]:
    return [post.native_id for post in harvest.posts]


def threads() -> int:
    return sum(thread.name == "bluesky-stream" for thread in threading.enumerate())


def test_an_event_becomes_a_post(network: Network, build: Build) -> None:
    root, parent = (f"at://did:plc:care/app.bsky.feed.post/{name}" for name in ("root", "parent"))
    uri = network.say(
        "My Acme bag  broke\x07 again: acme.example/cl...",
        NOON - timedelta(minutes=3),
        rkey="3lpk2u6qo222m",
        langs=["en-GB", "fr"],
        reply={"root": {"uri": root, "cid": "x"}, "parent": {"uri": parent, "cid": "x"}},
        facets=[
            {
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://acme.example/claims"}],
                "index": {},
            },
            {"features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:care"}], "index": 5},
        ],
        embed={
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"record": {"uri": "at://did:plc:ben/app.bsky.feed.post/q", "cid": "x"}},
            "media": {"external": {"uri": "https://news.example/a", "title": "Acme"}},
        },
    )
    harvest = build().collect(None)
    assert harvest.posts == [
        Post(
            platform=Platform.BLUESKY,
            native_id="at://did:plc:mia/app.bsky.feed.post/3lpk2u6qo222m",
            text="My Acme bag broke again: acme.example/cl...",
            published_at=NOON - timedelta(minutes=3),
            kind="reply",
            author_id=MIA,
            url="https://bsky.app/profile/did:plc:mia/post/3lpk2u6qo222m",
            language="en",
            thread=root,
            parent=parent,
            links=("https://acme.example/claims", "https://news.example/a"),
            version="bafyrei3lpk2u6qo222m",
            quoted="at://did:plc:ben/app.bsky.feed.post/q",
        )
    ]
    assert (uri, harvest.requests, harvest.more, harvest.rejects) == (ids(harvest)[0], 1, False, [])


def test_a_post_is_never_dated_after_the_network_saw_it(network: Network, build: Build) -> None:
    seen = NOON - timedelta(minutes=3)
    for created in ("2027-01-01T00:00:00Z", "2026-11-21T10:00:00+02:00", "0001-01-01T00:00:00Z", "soon", None, 7):
        network.say("acme", seen, createdAt=created)
    dates = [post.published_at for post in build().collect(None).posts]
    assert dates == [seen, datetime(2026, 11, 21, 8, tzinfo=UTC), seen, seen, seen, seen]


def test_what_is_in_no_known_shape_is_rejected_alone(network: Network, stream: JetstreamServer, build: Build) -> None:
    network.say("first", NOON)
    network.say(["no", "text"], NOON)
    network.say("odd parts", NOON, reply=5, embed=[1], facets={"a": 1}, langs="en")
    stream.send({"$type": "commit", "did": "nobody", "operation": "create", "collection": "app.bsky.feed.post"}, NOON)
    stream.send({"$type": "later", "did": MIA}, NOON)  # a kind of message that nobody knows yet
    for frame in ("{not json", '{"$type":"odd"}', b"\x00\x01", '{"$type":"message","payload":[]}'):
        stream.add(Row(stream.following, stream.rows[-1].time, frame))
    network.say("last", NOON)
    harvest = build().collect(None)
    place = "stream of 127.0.0.1"
    assert [post.text for post in harvest.posts] == ["first", "odd parts", "last"]
    assert harvest.rejects == [
        Reject(f"{place}, event 2", "not in the shape of an event: text"),
        Reject(f"{place}, event 4", "not in the shape of an event: did"),
        *[Reject(place, "no frame of the stream")] * 4,
    ]


def test_only_posts_and_accounts_are_asked_for(stream: JetstreamServer, build: Build) -> None:
    build().collect(None)
    (path,) = stream.paths
    assert path == (
        "/xrpc/network.bsky.jetstream.subscribeEvents?collections=app.bsky.feed.post&kinds=commit&kinds=account"
        f"&cursor={int((NOON - timedelta(hours=1)).timestamp()) * 1_000_000}"
    )


def test_terms_are_a_coarse_sieve_that_own_accounts_pass(network: Network, build: Build) -> None:
    link = [{"features": [{"uri": "https://www.acme.example/x"}]}]
    wanted = [
        network.say("I love ＡＣＭＥbags", NOON),
        network.say("look", NOON, facets=link),
        network.say("we are sorry", NOON, did="did:plc:care"),
    ]
    network.say("nothing of the kind", NOON)
    collector = build(terms=("Acme",), always_from=("did:plc:care",))
    harvest = collector.collect(None)
    assert ids(harvest) == wanted
    state = read_state(harvest.cursor)
    assert state is not None
    assert state.position.seq == 4  # what was passed over is not read again


def test_deletions_and_lost_accounts_are_told(network: Network, stream: JetstreamServer, build: Build) -> None:
    network.say("one", NOON)
    kept = network.say("two", NOON, did="did:plc:ben")
    stream.send(commit(network.posts[0], "delete"), NOON)
    stream.send(account("did:plc:mallory", "takendown"), NOON)
    stream.send(account("did:plc:back", None, active=True), NOON)
    stream.send(account("did:plc:slow", "throttled"), NOON)
    harvest = build().collect(None)
    assert ids(harvest) == [kept]
    assert harvest.gone == (
        Gone(Platform.BLUESKY, native_id=network.posts[0].uri),
        Gone(Platform.BLUESKY, author_id="did:plc:mallory"),
    )


def test_a_post_written_anew_under_its_old_name_outlives_its_deletion(
    network: Network, stream: JetstreamServer, build: Build
) -> None:
    network.say("first", NOON)
    stream.send(commit(network.posts[0], "delete"), NOON)
    network.say("second", NOON, rkey=network.posts[0].rkey)
    collector = build()
    first = collector.collect(None)
    second = collector.collect(first.cursor)
    assert (ids(first), len(first.gone), first.more) == ([], 1, True)
    assert ([post.text for post in second.posts], second.gone) == (["second"], ())


def test_an_edit_brings_the_post_again_with_its_new_version(
    network: Network, stream: JetstreamServer, build: Build
) -> None:
    network.say("teh bag", NOON)
    edited = replace(network.posts[0], record={**network.posts[0].record, "text": "the bag"})
    stream.send({**commit(edited, "update"), "cid": "bafyreinew"}, NOON)
    (post,) = build().collect(None).posts
    assert (post.native_id, post.text, post.version) == (network.posts[0].uri, "the bag", "bafyreinew")


def test_a_quiet_stream_that_lives_is_no_failure(stream: JetstreamServer, build: Build) -> None:
    collector = build()
    first = collector.collect(None)
    second = collector.collect(first.cursor)
    assert (first.posts, second.posts, second.more, second.requests) == ([], [], False, 0)
    assert len(stream.opened) == 1


def test_events_in_odd_order_and_twice_are_all_brought(network: Network, stream: JetstreamServer, build: Build) -> None:
    wanted = {network.say("acme", NOON, seq=seq) for seq in (5, 9, 7, 6, 8)}
    stream.add(stream.rows[0])
    collector = build()
    harvest = collector.collect(None)
    assert set(ids(harvest)) == wanted
    state = read_state(harvest.cursor)
    assert state is not None
    assert state.position.seq == 9


def test_a_connection_that_breaks_is_made_again_from_the_last_event(
    network: Network, stream: JetstreamServer, build: Build
) -> None:
    wanted = [network.say(f"acme {n}", NOON) for n in range(6)]
    stream.drops.extend((2, 3))
    harvest = a_round(build())
    assert ids(harvest) == wanted
    assert stream.opened[1:] == ["2", "4"]
    assert harvest.requests == 3


def test_without_a_server_the_source_is_down_and_goes_on_later(
    network: Network, stream: JetstreamServer, build: Build
) -> None:
    collector = build()
    first = collector.collect(None)
    stream.faults.append("503")
    stream.drop()
    with pytest.raises(SourceDown):
        until_something(collector, first.cursor)
    wanted = network.say("acme", NOON)
    assert ids(collector.collect(first.cursor)) == [wanted]


def test_a_cursor_that_was_not_handed_out_last_is_read_again(network: Network, build: Build) -> None:
    wanted = [network.say(f"acme {n}", NOON) for n in range(4)]
    collector = build(pace=replace(PACE, piece=2))
    first = collector.collect(None)
    for _ in range(2):
        assert ids(collector.collect(first.cursor)) == wanted[2:]
    assert ids(collector.collect(None)) == wanted[:2]


def test_a_cursor_of_another_version_begins_anew(network: Network, build: Build) -> None:
    wanted = network.say("acme", NOON)
    assert ids(build().collect('{"v": 99, "place": "elsewhere"}')) == [wanted]


def test_the_next_server_takes_over_from_five_minutes_before(network: Network, build: Build) -> None:
    at = NOON - timedelta(minutes=10)
    network.say("acme", at)
    with JetstreamServer() as second, Network(second) as copy:
        wanted = copy.say("acme on the second", at + timedelta(minutes=1))
        collector = build(servers=(network.stream.url, second.url))
        first = collector.collect(None)
        network.stream.faults.extend(["503"] * 9)
        network.stream.drop()
        harvest = until_something(collector, first.cursor)
        assert ids(harvest) == [wanted]
        assert second.opened == [str((int(at.timestamp()) - 300) * 1_000_000)]
        state = read_state(harvest.cursor)
        assert state is not None
        assert state.position.server == second.url
        collector.close()


def a_stop(build: Build, network: Network, **settings: Any) -> tuple[BlueskyCollector, str | None]:
    """A collector that has read one post, and the cursor after it; then the server forgets all until event 4."""
    for minute in (50, 40, 30, 20, 10):
        network.say(f"acme {minute}", NOON - timedelta(minutes=minute))
    kept = network.stream.rows[1:]
    del network.stream.rows[1:]
    collector = build(**settings)
    cursor = a_round(collector).cursor
    collector.close()
    network.stream.rows.extend(kept)
    network.stream.floor = 4
    return collector, cursor


def test_a_hole_in_the_stream_is_searched(network: Network, build: Build) -> None:
    collector, cursor = a_stop(build, network, login=True, queries=("acme", "bolt"))
    harvest = collector.collect(cursor)
    assert [post.text for post in harvest.posts] == ["acme 20", "acme 10"]
    assert (harvest.gaps, harvest.more, harvest.lost) == (2, True, ())
    assert harvest.notes == ["the stream no longer holds 2026-11-21T11:10:00+00:00 to 2026-11-21T11:40:00+00:00"]
    rest = a_round(collector, harvest.cursor)
    assert [post.text for post in rest.posts] == ["acme 20", "acme 30", "acme 40", "acme 50"]
    assert (rest.gaps, rest.lost, network.sessions) == (0, [], 1)
    assert network.stream.opened[1:] == ["1", str((int(NOON.timestamp()) - 55 * 60) * 1_000_000)]
    asked = [a.params for a in network.asked if a.path.endswith("searchPosts")]
    assert [(a["q"], a["sort"], a["since"], a["until"]) for a in asked] == [
        (query, "latest", "2026-11-21T11:05:00.000Z", "2026-11-21T11:45:00.000Z") for query in ("acme", "bolt")
    ]


def test_a_hole_without_a_login_is_a_loss_told_once(network: Network, build: Build) -> None:
    collector, cursor = a_stop(build, network)
    harvest = collector.collect(cursor)
    (loss,) = harvest.lost
    assert (loss.query, loss.since, loss.until) == ("", NOON - timedelta(minutes=50), NOON - timedelta(minutes=20))
    assert [post.text for post in harvest.posts] == ["acme 20", "acme 10"]
    again = collector.collect(harvest.cursor)
    assert (again.lost, again.posts, again.gaps) == ((), [], 0)


def test_a_server_that_takes_no_times_goes_on_from_now(network: Network, build: Build) -> None:
    collector, cursor = a_stop(build, network)
    network.stream.time_cursors = False
    quiet = collector.collect(cursor)
    assert (quiet.posts, quiet.lost) == ([], ())
    network.say("acme now", NOON)
    time.sleep(0.05)
    harvest = a_round(collector, quiet.cursor)
    assert [post.text for post in harvest.posts] == ["acme now"]
    assert [(loss.since, loss.until) for loss in harvest.lost] == [(NOON - timedelta(minutes=50), NOON)]


def test_a_server_that_counts_anew_is_asked_by_time(network: Network, stream: JetstreamServer, build: Build) -> None:
    network.say("acme", NOON - timedelta(minutes=9), seq=900)
    collector = build()
    cursor = a_round(collector).cursor
    collector.close()
    stream.rows.clear()
    wanted = network.say("acme anew", NOON - timedelta(minutes=8), seq=3)
    harvest = a_round(collector, cursor)
    assert (ids(harvest), harvest.lost) == ([wanted], [])
    state = read_state(harvest.cursor)
    assert state is not None
    assert state.position.seq == 3


def test_holes_are_lost_when_the_login_is_taken_away(network: Network, build: Build) -> None:
    collector, cursor = a_stop(build, network, login=True, queries=("acme",))
    cursor = collector.collect(cursor).cursor
    harvest = build().collect(cursor)
    assert [(loss.query, loss.since) for loss in harvest.lost] == [("acme", NOON - timedelta(minutes=55))]
    assert harvest.gaps == 0


def test_a_hole_is_lost_when_its_query_is_taken_away(network: Network, build: Build) -> None:
    collector, cursor = a_stop(build, network, login=True, queries=("acme", "bolt"))
    cursor = collector.collect(cursor).cursor
    harvest = build(login=True, queries=("bolt",)).collect(cursor)
    assert [(loss.query, loss.why) for loss in harvest.lost] == [("acme", NO_LONGER)]
    assert harvest.gaps == 0  # that of the other was searched by this call


def test_a_query_that_the_search_refuses_is_a_loss_and_holds_up_no_other(network: Network, build: Build) -> None:
    collector, cursor = a_stop(build, network, login=True, queries=("acme", "bolt"))
    cursor = collector.collect(cursor).cursor
    told = network.answer
    network.answer = lambda asked: Answer(b"{}", 400) if asked.params.get("q") == "acme" else told(asked)
    harvest = collector.collect(cursor)
    assert ([loss.query for loss in harvest.lost], harvest.gaps) == (["acme"], 1)
    assert a_round(collector, harvest.cursor).gaps == 0


def test_a_search_that_fails_is_told_and_the_stream_goes_on(network: Network, build: Build) -> None:
    patient = replace(ROOM, search_patience=timedelta(minutes=5))
    collector, cursor = a_stop(build, network, login=True, queries=("acme",), pace=patient)
    cursor = collector.collect(cursor).cursor
    network.faults.append("500")
    with pytest.raises(SourceDown):
        collector.collect(cursor)
    wanted = network.say("acme meanwhile", NOON)
    time.sleep(0.05)
    harvest = collector.collect(cursor)
    assert (ids(harvest), harvest.gaps) == ([wanted], 1)


@pytest.mark.parametrize("patience", [timedelta(), timedelta(minutes=5)])
def test_a_search_that_is_refused_is_noted_once_a_round_and_the_stream_goes_on(
    network: Network, build: Build, patience: timedelta
) -> None:
    pace = replace(ROOM, search_patience=patience, piece=1)
    collector, cursor = a_stop(build, network, login=True, queries=("acme",), pace=pace)
    told = network.answer
    network.answer = lambda _: Answer(b"<html>Forbidden</html>", 403, {"Content-Type": "text/html"})
    said = "the search is refused: 127.0.0.1 answered with status 403"
    first = a_round(collector, cursor)
    assert ([post.text for post in first.posts], first.notes.count(said)) == (["acme 20", "acme 10"], 1)
    wanted = network.say("acme meanwhile", NOON)
    second = until_something(collector, first.cursor)
    assert (ids(second), second.notes, second.gaps, second.lost) == ([wanted], [said], 1, ())
    network.answer = told
    texts = [post.text for post in a_round(build(login=True, queries=("acme",)), second.cursor).posts]
    assert texts == ["acme 20", "acme 30", "acme 40", "acme 50"]


def test_a_search_that_forgets_its_place_begins_anew_at_the_oldest(network: Network, build: Build) -> None:
    collector, cursor = a_stop(build, network, login=True, queries=("acme",), pace=replace(ROOM, page=2))
    for _ in range(2):
        cursor = collector.collect(cursor).cursor
    state = json.loads(cursor or "")
    state["holes"][0]["page"] = "nonsense"
    harvest = a_round(collector, json.dumps(state))
    assert [post.text for post in harvest.posts][-2:] == ["acme 40", "acme 50"]
    assert "the search has forgotten its place and begins anew" in harvest.notes


def test_authors_are_looked_up_once_where_terms_leave_few(network: Network, build: Build) -> None:
    network.followers[MIA] = 4_200
    collector = build(login=True, terms=("acme",))
    network.say("acme", NOON)
    first = collector.collect(None)
    network.say("acme once more", NOON)
    time.sleep(0.05)
    second = collector.collect(first.cursor)
    for harvest in (first, second):
        assert [(p.author_handle, p.author_name, p.followers) for p in harvest.posts] == [("mia.example", "Mia", 4_200)]
    assert (first.requests, second.requests, len(network.asked)) == (3, 0, 2)


def test_authors_that_cannot_be_looked_up_hold_no_post_back(network: Network, build: Build) -> None:
    network.say("acme", NOON)
    network.faults.append("500")
    harvest = build(login=True, terms=("acme",)).collect(None)
    assert [post.author_handle for post in harvest.posts] == [None]
    assert harvest.notes == ["authors could not be looked up: 127.0.0.1 answered with status 500"]


REFUSALS = [
    ("403", AccessDenied),
    ("429", RateLimited),
    ("429 with seconds", RateLimited),
    ("500", SourceDown),
    ("reset", SourceDown),
    ("truncated", SourceDown),
    ("html", UnexpectedReply),
    ("redirect", UnexpectedReply),
]


@pytest.mark.parametrize(("fault", "kind"), REFUSALS)
def test_each_refusal_of_the_stream_has_its_class(
    stream: JetstreamServer, build: Build, fault: str, kind: type[SourceError]
) -> None:
    stream.faults.append(fault)
    with pytest.raises(kind) as failure:
        build().collect(None)
    assert type(failure.value) is kind
    if isinstance(failure.value, RateLimited):
        wait = timedelta(seconds=90) if fault == "429 with seconds" else timedelta(minutes=5)
        assert failure.value.retry_at == NOON + wait


def test_a_private_address_is_refused(stream: JetstreamServer, build: Build) -> None:
    with pytest.raises(AccessDenied, match="not public"):
        build(allow_private_address=False).collect(None)
    assert stream.opened == []


def test_one_refusing_server_of_two_does_not_stop_the_source(network: Network, build: Build) -> None:
    network.stream.faults.append("403")
    with JetstreamServer() as second:
        second.faults.append("500")
        collector = build(servers=(network.stream.url, second.url))
        with pytest.raises(SourceDown):
            collector.collect(None)
        collector.close()


def a_recheck(build: Build, network: Network) -> Rechecked:
    return build(login=True).recheck([network.posts[0].uri])


def test_a_session_is_made_once_and_renewed_before_it_ends(network: Network, build: Build) -> None:
    network.say("acme", NOON)
    network.lasts = timedelta(minutes=10)  # the library renews what has less than 15 minutes
    collector = build(login=True)
    for _ in range(2):
        assert collector.recheck([network.posts[0].uri]).found != {}
    paths = [asked.path.rpartition(".")[2] for asked in network.asked]
    assert paths == ["createSession", "refreshSession", "getPosts", "refreshSession", "getPosts"]


def test_a_session_that_the_server_has_ended_is_made_anew(network: Network, build: Build) -> None:
    network.say("acme", NOON)
    collector = build(login=True)
    collector.recheck([network.posts[0].uri])
    network.valid.clear()
    assert collector.recheck([network.posts[0].uri]).requests == 3
    assert network.sessions == 2


def test_a_wrong_password_is_access_denied_and_never_shown(network: Network, build: Build, tmp_path: Path) -> None:
    network.say("acme", NOON)
    (tmp_path / "wrong").write_text("hunter2-hunter2")
    (tmp_path / "wrong").chmod(0o600)
    collector = build(handle="brand.example", app_password=Secret(f"file:{tmp_path / 'wrong'}"))
    with pytest.raises(AccessDenied) as failure:
        collector.recheck([network.posts[0].uri])
    assert str(failure.value) == "127.0.0.1 answered with status 401 (AuthenticationRequired)"
    asked = len(network.asked)
    with pytest.raises(AccessDenied, match="AuthenticationRequired"):  # at rest: so many logins a day are allowed
        collector.recheck([network.posts[0].uri])
    assert len(network.asked) == asked
    nowhere = build(handle="brand.example", app_password=Secret("env:NO_SUCH_PASSWORD"))
    with pytest.raises(AccessDenied, match="env:NO_SUCH_PASSWORD"):
        nowhere.recheck([network.posts[0].uri])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("429", RateLimited),
        ("500", SourceDown),
        ("truncated", SourceDown),
        ("reset", SourceDown),
        ("html", UnexpectedReply),
        ("empty", UnexpectedReply),
    ],
)
def test_each_failure_of_a_look_up_has_its_class(
    network: Network, build: Build, fault: str, kind: type[SourceError]
) -> None:
    network.say("acme", NOON)
    network.faults.append(fault)
    with pytest.raises(kind):
        a_recheck(build, network)


def test_a_page_of_html_with_403_is_a_refusal(network: Network, build: Build) -> None:
    network.say("acme", NOON)
    network.answer = lambda _: Answer(b"<html>Forbidden</html>", 403, {"Content-Type": "text/html"})
    with pytest.raises(AccessDenied, match="status 403"):
        a_recheck(build, network)


def test_patience_is_counted_by_the_clock_of_the_server(network: Network, build: Build) -> None:
    network.say("acme", NOON)
    headers = {"Date": "Sat, 21 Nov 2026 13:00:00 GMT", "ratelimit-reset": str(int(NOON.timestamp()) + 3_600 + 77)}
    network.answer = lambda _: Answer(b"{}", 429, headers)
    with pytest.raises(RateLimited) as failure:
        a_recheck(build, network)
    assert failure.value.retry_at == NOON + timedelta(seconds=77)


def test_a_login_is_never_carried_to_another_address(network: Network, build: Build) -> None:
    network.say("acme", NOON)
    network.answer = lambda _: Answer(b"", 307, {"Location": network.base + "/elsewhere"})
    with pytest.raises(UnexpectedReply, match="redirects"):
        a_recheck(build, network)
    assert len(network.asked) == 1


def test_recheck_sees_what_changed_and_what_is_gone(network: Network, build: Build) -> None:
    uris = [network.say(f"acme {n}", NOON - timedelta(hours=1)) for n in range(30)]
    odd = network.say("odd", NOON, more={"record": 5})
    missing = "at://did:plc:mia/app.bsky.feed.post/gone"
    rechecked = build(login=True).recheck([*uris, missing, odd, "https://bsky.app/no-uri"])
    assert set(rechecked.found) == {*uris, missing}
    assert rechecked.found[missing] is None
    post = rechecked.found[uris[0]]
    assert post is not None
    assert (post.engagement, post.author_handle, post.author_name) == (
        Engagement(likes=3, reposts=2, replies=1, quotes=4),
        "mia.example",
        "Mia",
    )
    assert rechecked.requests == 3  # a session, and two look-ups of 25 at most
    assert build().recheck(uris) == Rechecked()


def test_backfill_reads_the_past_query_by_query(network: Network, build: Build) -> None:
    for number in range(7):
        network.say(f"acme {number}", NOON - timedelta(days=20, minutes=number))
    network.say("bolt", NOON - timedelta(days=20))
    network.say("acme, too late", NOON)
    collector = build(login=True, queries=("acme", "bolt"), pace=replace(ROOM, page=3))
    since, until = NOON - timedelta(days=30), NOON - timedelta(days=1)
    texts: list[str] = []
    cursor, more, requests = None, True, 0
    while more:
        harvest = collector.backfill(cursor, since, until)
        texts += [post.text for post in harvest.posts]
        cursor, more, requests = harvest.cursor, harvest.more, requests + harvest.requests
    assert texts == [*(f"acme {n}" for n in range(7)), "bolt"]
    assert requests == 5  # a session, three pages and one
    assert collector.backfill(cursor, since, until).posts == ()
    assert network.stream.opened == []  # the live stream is none of its business


def test_backfill_without_a_login_says_what_it_needs(build: Build) -> None:
    with pytest.raises(AccessDenied, match="queries, handle and app_password"):
        build().backfill(None, NOON - timedelta(days=1), NOON)


def test_check_looks_at_every_server_and_at_the_login(network: Network, build: Build) -> None:
    with JetstreamServer() as second:
        second.faults.append("500")
        checks = build(servers=(network.stream.url, second.url), login=True).check()
    assert checks == (
        Checked("reach", ok=True),
        Checked("reach", ok=False, detail="127.0.0.1 answered with status 500"),
        Checked("credentials", ok=True),
    )


def test_check_tells_a_login_that_may_not_search(network: Network, build: Build) -> None:
    told = network.answer
    html = Answer(b"<html>Forbidden</html>", 403, {"Content-Type": "text/html"})
    collector = build(login=True, queries=("acme",))
    assert collector.check()[-1] == Checked("search", ok=True)
    network.answer = lambda asked: html if asked.path.endswith("searchPosts") else told(asked)
    why = "the search is refused: 127.0.0.1 answered with status 403; the stream goes on without"
    assert collector.check()[-2:] == (Checked("credentials", ok=True), Checked("search", ok=False, detail=why))


def test_a_full_buffer_holds_the_stream_and_loses_nothing(network: Network, build: Build) -> None:
    wanted = [network.say(f"acme {n}", NOON) for n in range(300)]
    collector = build(pace=replace(ROOM, piece=50))
    first = collector.collect(None)
    assert collector._live is not None
    collector._live.capacity = 60
    rest = a_round(collector, first.cursor)
    assert ids(first) + ids(rest) == wanted


def test_a_burst_of_ten_thousand_posts_is_brought_whole(
    stream: JetstreamServer, network: Network, build: Build
) -> None:
    network.say("acme", NOON)
    frame = (
        str(stream.rows[0].frame)
        .replace('"rkey": "3l000000"', '"rkey": "3l%06d"')
        .replace('"seq": 1,', '"seq": %d,', 1)
    )
    at = stream.rows[0].time
    stream.rows.extend(Row(n, at, frame % (n, n)) for n in range(2, 10_001))
    collector, brought, cursor = build(pace=Pace()), set[str](), None
    deadline = time.monotonic() + 120  # a busy machine may pause for so long that a round ends before the burst does
    while len(brought) < 10_000 and time.monotonic() < deadline:
        harvest = a_round(collector, cursor)
        brought, cursor = brought | set(ids(harvest)), harvest.cursor
    assert len(brought) == 10_000


def test_the_thread_ends_when_it_is_told_to(build: Build) -> None:
    before = threads()
    collector = build()
    collector.collect(None)
    assert threads() == before + 1
    began = time.monotonic()
    collector.close()
    collector.close()
    while threads() > before and time.monotonic() - began < 3:
        time.sleep(0.01)
    assert (threads(), time.monotonic() - began < 2) == (before, True)


def test_a_login_is_all_or_nothing() -> None:
    with pytest.raises(ValueError, match="go together"):
        BlueskySource(name="bluesky", handle="brand.example")
    with pytest.raises(ValueError, match="closed without a login"):
        BlueskySource(name="bluesky", queries=("acme",))
    with pytest.raises(ValueError, match="wss://"):
        BlueskySource(name="bluesky", servers=("https://jetstream.example",))


def views_in(path: Path) -> list[dict[str, Any]]:
    yaml = pytest.importorskip("yaml")
    recorded = yaml.safe_load(path.read_text("utf-8"))["http_interactions"]
    return [view for one in recorded for view in json.loads(one["response"]["body"]["string"]).get("posts", [])]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["f_search.yml", "f_getposts.yml", "f_getquotes.yml"])
def test_recorded_answers_are_read(name: str) -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recordings are not here")
    views = views_in(RECORDED / name)
    posts = [of_view(view) for view in views]
    assert [post.native_id for post in posts] == [view["uri"] for view in views]
    assert all(post.author_handle and post.engagement and post.version for post in posts)
    assert len(posts) == {"f_search.yml": 25, "f_getposts.yml": 1, "f_getquotes.yml": 2}[name]
