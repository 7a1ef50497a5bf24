"""A small Bluesky on loopback: a server of Jetstream v2 (WebSocket), and the XRPC methods that a collector asks."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from faulty_server import Answer, Asked, FaultyServer
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

METHOD = "network.bsky.jetstream.subscribeEvents"
POSTS = "app.bsky.feed.post"
PASSWORD = "abcd-efgh-ijkl-mnop"
TIME_CURSOR = 10**15  # a cursor from here on is a time in microseconds
Json = dict[str, Any]


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass
class Row:
    """One event of the stream."""

    seq: int
    time: int
    frame: str | bytes


class JetstreamServer:
    """Sends `rows` from the cursor on, then what is added; a fault in `faults` spoils one opening each."""

    def __init__(self, floor: int = 0) -> None:
        self.rows: list[Row] = []
        self.floor = floor  # the first seq that is still held
        self.faults: deque[str] = deque()
        self.opened: list[str | None] = []  # cursors asked for
        self.paths: list[str] = []
        self.drops: deque[int] = deque()  # the next connections break off after so many frames
        self.time_cursors = True
        self._connections: list[ServerConnection] = []
        self._changed = threading.Condition()
        self._released = threading.Event()
        self._server = serve(
            self._talk,
            "127.0.0.1",
            0,
            subprotocols=["xrpc.v1.json"],  # type: ignore[list-item]
            process_request=self._gate,
            close_timeout=0.1,
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    @property
    def following(self) -> int:
        return self.rows[-1].seq + 1 if self.rows else 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        with self._changed:
            self._changed.notify_all()
        self.drop()
        self._server.shutdown()
        self._thread.join(2)

    def send(self, payload: Json, at: datetime, *, seq: int | None = None) -> int:
        """Add an event; its number."""
        number = self.following if seq is None else seq
        event = {"seq": number, "time": stamp(at), "witnessedAt": stamp(at), **payload}
        event["$type"] = f"{METHOD}#{payload['$type']}"
        self.add(Row(number, micros(at), json.dumps({"$type": "message", "payload": event, "new": [1]})))
        return number

    def add(self, row: Row) -> None:
        with self._changed:
            self.rows.append(row)
            self._changed.notify_all()

    def drop(self) -> None:
        """Break off all connections, without a farewell."""
        for connection in self._connections:
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _gate(self, connection: ServerConnection, request: Request) -> Response | None:  # noqa: PLR0911 - one a fault
        cursor = parse_qs(urlsplit(request.path).query).get("cursor", [None])[0]
        self.opened.append(cursor)
        self.paths.append(request.path)
        page = b"<html><body><h1>We are upgrading</h1></body></html>"
        match self.faults.popleft() if self.faults else None:
            case "500" | "503" | "429" | "403" as status:
                return answer(int(status), page)
            case "503 with date":
                date = {"Date": "Sat, 21 Nov 2026 10:00:00 GMT", "Retry-After": "Sat, 21 Nov 2026 10:02:00 GMT"}
                return answer(503, page, date)
            case "429 with seconds":
                return answer(429, page, {"Retry-After": "90"})
            case "html":
                return answer(200, page)
            case "empty":
                return answer(200, b"")
            case "redirect":
                return answer(302, b"", {"Location": "ws://127.0.0.1:9/xrpc"})
            case "truncated":
                connection.socket.sendall(b"HTTP/1.1 101 Switching Prot")
                connection.socket.shutdown(socket.SHUT_RDWR)
            case "reset":
                connection.socket.shutdown(socket.SHUT_RDWR)
            case "hang":
                self._released.wait(20)
        if cursor is not None and int(cursor) < TIME_CURSOR and int(cursor) < self.floor:
            return answer(400, b'{"error":"CursorTooOld","message":"below the retention floor"}')
        if cursor is not None and int(cursor) >= TIME_CURSOR and not self.time_cursors:
            return answer(400, b'{"error":"CursorTooOld","message":"no times here"}')
        return None

    def _talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        cursor = parse_qs(urlsplit(connection.request.path).query).get("cursor", [None])[0]
        self._connections.append(connection)
        left = self.drops.popleft() if self.drops else None
        try:
            number = self._begin(connection, cursor)
            while left is None or left > 0:
                with self._changed:
                    while number >= len(self.rows):
                        if self._released.is_set():
                            return
                        self._changed.wait(0.2)
                    row = self.rows[number]
                number += 1
                if row.seq >= self.floor and self._wanted(row, cursor):
                    connection.send(row.frame)
                    left = None if left is None else left - 1
            connection.socket.shutdown(socket.SHUT_RDWR)
        except (ConnectionClosed, OSError):
            return

    def _begin(self, connection: ServerConnection, cursor: str | None) -> int:
        """Where in the rows a connection begins, with the notice that goes with it."""
        if cursor is None:
            return len(self.rows)
        held = [row for row in self.rows if row.seq >= self.floor]
        if int(cursor) >= TIME_CURSOR:
            if self.floor and held and int(cursor) < held[0].time:
                connection.send(notice("OutdatedCursor"))
            return 0
        if int(cursor) > self.following:
            connection.send(notice("FutureCursor"))
            return len(self.rows)
        return 0

    @staticmethod
    def _wanted(row: Row, cursor: str | None) -> bool:
        if cursor is None:
            return True
        return row.time >= int(cursor) if int(cursor) >= TIME_CURSOR else row.seq >= int(cursor)


def notice(name: str) -> str:
    return json.dumps({"$type": "message", "payload": {"$type": f"{METHOD}#info", "name": name, "message": "x"}})


def answer(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(status, "As told", Headers({"Content-Length": str(len(body)), **(headers or {})}), body)


@dataclass
class Said:
    """One post as the network holds it."""

    did: str
    rkey: str
    record: Json
    seen: datetime
    more: Json = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"at://{self.did}/{POSTS}/{self.rkey}"

    @property
    def cid(self) -> str:
        return f"bafyrei{self.rkey}"

    def view(self) -> Json:
        author = {"did": self.did, "handle": f"{self.did[8:].lower()}.example", "displayName": "Mia", "labels": []}
        counts = {"replyCount": 1, "repostCount": 2, "likeCount": 3, "quoteCount": 4}
        seen = stamp(self.seen)
        view = {"uri": self.uri, "cid": self.cid, "author": author, "record": self.record, "indexedAt": seen, **counts}
        return {**view, "labels": [], "viewer": {"threadMuted": False}, "unknown": {"a": []}, **self.more}

    def sorted_at(self) -> datetime:
        created = self.record.get("createdAt")
        return min(self.seen, datetime.fromisoformat(created)) if isinstance(created, str) else self.seen


class Network(FaultyServer):
    """Accounts, posts and search by XRPC; what is said here is also told by `stream`."""

    def __init__(self, stream: JetstreamServer) -> None:
        self._here = threading.local()
        super().__init__(self._answer)
        self.stream = stream
        self.posts: list[Said] = []
        self.hidden: set[str] = set()  # what the search does not find
        self.followers: dict[str, int] = {}
        self.sessions = 0
        self.lasts = timedelta(hours=2)  # of a session
        self.valid: set[str] = set()  # access tokens

    def _make_talk(self) -> type[BaseHTTPRequestHandler]:
        here = self._here

        class Talk(super()._make_talk()):  # type: ignore[misc]
            def do_GET(self) -> None:  # noqa: N802 - the name that http.server asks for
                here.query = parse_qs(urlsplit(self.path).query)  # lists: one name may stand more than once
                super().do_GET()

        return Talk

    def say(
        self,
        text: Any,
        at: datetime,
        *,
        did: str = "did:plc:mia",
        rkey: str | None = None,
        seq: int | None = None,
        more: Json | None = None,
        **record: Any,
    ) -> str:
        """A new post, told by the stream and found by the search; its AT-URI."""
        body = {"$type": POSTS, "text": text, "createdAt": stamp(at), "langs": ["en"], **record}
        said = Said(did, rkey or f"3l{len(self.posts):06}", body, at, more or {})
        self.posts.append(said)
        self.stream.send(commit(said, "create"), at, seq=seq)
        return said.uri

    def _answer(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one a method
        method = asked.path.removeprefix("/xrpc/")
        match method:
            case "com.atproto.server.createSession":
                given = json.loads(asked.body)
                if given.get("password") != PASSWORD:
                    return refused(401, "AuthenticationRequired")
                return self._session(given["identifier"])
            case "com.atproto.server.refreshSession":
                return self._session("brand.example")
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.valid:
            return refused(400, "ExpiredToken")
        match method:
            case "app.bsky.feed.searchPosts":
                return self._search(asked)
            case "app.bsky.feed.getPosts":
                wanted = self._here.query["uris"]
                return told({"posts": [said.view() for said in self.posts if said.uri in wanted]})
            case "app.bsky.actor.getProfiles":
                return told({"profiles": [self._profile(did) for did in self._here.query["actors"]]})
        return refused(501, "MethodNotImplemented")

    def _search(self, asked: Asked) -> Answer:
        query, size = asked.params["q"].lower(), int(asked.params["limit"])
        since, until = (datetime.fromisoformat(asked.params[end]) for end in ("since", "until"))
        found = [
            said
            for said in self.posts
            if query in str(said.record["text"]).lower()
            and since <= said.sorted_at() < until
            and said.uri not in self.hidden
        ]
        found.sort(key=lambda said: (said.sorted_at(), said.uri), reverse=True)
        if not asked.params.get("cursor", "0").isdigit():
            return refused(400, "InvalidRequest")
        start = int(asked.params.get("cursor", "0"))
        page = found[start : start + size]
        more = {"cursor": str(start + size)} if start + size < len(found) else {}
        return told({"posts": [said.view() for said in page], "hitsTotal": len(found), **more})

    def _profile(self, did: str) -> Json:
        handle = f"{did[8:].lower()}.example"
        return {"did": did, "handle": handle, "displayName": "Mia", "followersCount": self.followers.get(did, 7)}

    def _session(self, handle: str) -> Answer:
        self.sessions += 1
        token = jwt({"exp": int(time.time() + self.lasts.total_seconds()), "jti": str(self.sessions)})
        self.valid.add(token)
        did = "did:plc:brand"
        return told({"accessJwt": token, "refreshJwt": token, "handle": handle, "did": did, "active": True})


def commit(said: Said, operation: str) -> Json:
    """What the stream tells of a post."""
    body: Json = {"$type": "commit", "did": said.did, "rev": "3lpk2u6qo222m", "operation": operation}
    body |= {"collection": POSTS, "rkey": said.rkey}
    return body if operation == "delete" else {**body, "cid": said.cid, "record": said.record}


def account(did: str, status: str | None, *, active: bool = False) -> Json:
    """What the stream tells of an account."""
    return {"$type": "account", "did": did, "account": {"active": active, "did": did, "seq": 1, "status": status}}


def jwt(payload: Json) -> str:
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({}, payload))
    return f"{head}.{body}.c2ln"


def told(body: Json) -> Answer:
    return Answer(json.dumps(body).encode(), 200, {"Content-Type": "application/json; charset=utf-8"})


def refused(status: int, word: str) -> Answer:
    body = json.dumps({"error": word, "message": "as told"}).encode()
    return Answer(body, status, {"Content-Type": "application/json"})
