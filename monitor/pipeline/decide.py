"""Decide: who is told of which post. Decision, case and messages are stored together or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from alerts import compose
from alerts.base import Mention, Message, MessageKind
from alerts.policy import Decision, decide
from alerts.routing import Routing, route
from config.settings import Settings
from monitor import logs
from monitor.clock import Clock
from monitor.pipeline.casework import Casework, Placed, Raised, keys_of, thread_of
from monitor.pipeline.destinations import Destinations
from monitor.pipeline.mention import as_mention
from monitor.pipeline.notices import Notices
from monitor.pipeline.tend import look_again_at
from monitor.pipeline.twins import Twins, Words
from monitor.store.engine import Store
from monitor.store.transactions import Stale, StoreUnusable
from monitor.store.values import CaseFacts, Decisions, JudgedPost, NewDecision, NewDelivery, StoredPost, ToldPost

UNDECIDABLE = "undecidable"  # the reason kept with a post that a bug kept from being decided

log = logs.get("decide")

_Weighed = tuple[JudgedPost, list[tuple[Mention, Decision, Routing | None]]]


@dataclass(frozen=True, slots=True)
class _Alert:
    judged: JudgedPost
    mention: Mention
    decision: Decision
    routing: Routing


class Decide:
    """Takes judged posts in the order in which they were collected, and decides."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        destinations: Destinations,
        notices: Notices,
        clock: Clock,
        *,
        batch: int,
    ) -> None:
        self._store = store
        self._settings = settings
        self._destinations = destinations
        self._notices = notices
        self._clock = clock
        self._batch = batch
        self._languages = {brand.name: brand.languages for brand in settings.brands}
        self._type_names = settings.every_type_name

    def batch(self) -> int:
        """Decide one batch; the number of posts decided, 0 if none waits or they changed meanwhile."""
        found = self._store.posts.to_decide(self._batch)
        if not found:
            return 0
        waiting, batch = self._decidable(found)
        try:
            self._store.cases.save_decisions(batch, now=self._clock())
        except Stale:
            # A post was edited between reading and writing: it is judged again first, the others come next time.
            log.info("batch put off", posts=len(waiting))
            return 0
        log.info(
            "posts decided",
            posts=len(waiting),
            alerts=sum(d.alert for d in batch.decisions),
            cases=len(batch.new_cases),
            messages=len(batch.deliveries),
        )
        return len(waiting)

    def _decidable(self, waiting: Sequence[JudgedPost]) -> tuple[Sequence[JudgedPost], Decisions]:
        """The longest beginning of the batch, halved as often as needed, that can be decided.

        A post that cannot be decided even alone is told nobody, with that as its reason, and the operators hear of
        it: it must not stand in the way of the others.
        """
        while True:
            try:
                return waiting, self._decisions(waiting)
            except StoreUnusable:
                raise
            except Exception as error:
                log.exception("a batch could not be decided", posts=len(waiting))
                if len(waiting) == 1:
                    return waiting, self._undecidable(waiting[0], error)
                waiting = waiting[: len(waiting) // 2]

    def _undecidable(self, judged: JudgedPost, error: Exception) -> Decisions:
        post = judged.post
        self._notices.tell(
            f"Post {post.id} could not be decided",
            (f"Reason: {type(error).__name__}; see the log",),
            once=("undecidable", post.id, judged.model),
        )
        detail = type(error).__name__
        return Decisions(
            post_ids=[post.id],
            revisions={post.id: judged.revision},
            decisions=[
                NewDecision(post.id, brand, judged.model, alert=False, reason=UNDECIDABLE, detail=detail)
                for brand in judged.aliases
            ],
        )

    def _decisions(self, waiting: Sequence[JudgedPost]) -> Decisions:
        now = self._clock()
        weighed = [(judged, self._weigh(judged)) for judged in waiting]
        alerts = sum(decision.alert for _, brands in weighed for _, decision, _ in brands)
        ids = iter(self._store.cases.reserve_ids(alerts)) if alerts else count()
        words = {judged.post.id: Words.of(judged.post) for judged, _ in weighed if not judged.post.ours}
        told = self._told(weighed, words)
        standing = {case.id: case for case in (*self._standing(weighed), *(one.case for one in told))}
        work = Casework(
            [standing[i] for i in sorted(standing)], ids, self._settings.alerting.join_within, now, Twins(told)
        )
        answers = self._answers(weighed)
        decisions: list[NewDecision] = []
        deliveries: list[NewDelivery] = []
        for judged, brands in weighed:
            if judged.post.ours:
                work.answer(judged.post, self._languages)  # an answer seldom names the brand: any of ours
            for mention, decision, routing in brands:
                decisions.append(
                    NewDecision(
                        judged.post.id,
                        mention.brand,
                        judged.model,
                        decision.alert,
                        decision.reason,
                        decision.detail,
                        routing.names if routing else (),
                    )
                )
                if routing is not None:
                    alert = _Alert(judged, mention, decision, routing)
                    placed = work.place(self._raised(alert, words[judged.post.id]))
                    deliveries += self._messages(alert, placed)
                    if placed.opened:  # the answer may have been read before the question
                        for answer in answers.get((judged.post.platform, thread_of(judged.post)), ()):
                            work.answer(answer, [mention.brand])
        return Decisions(
            post_ids=[judged.post.id for judged in waiting],
            revisions={judged.post.id: judged.revision for judged in waiting},
            decisions=decisions,
            new_cases=[self._with_next_step(work.cases[i]) for i in sorted(work.new)],
            changed_cases=[self._with_next_step(work.cases[i]) for i in sorted(work.changed)],
            case_posts=work.posts,
            deliveries=deliveries,
            copy_keys={post_id: one.key for post_id, one in words.items() if one.key is not None},
        )

    def _weigh(self, judged: JudgedPost) -> list[tuple[Mention, Decision, Routing | None]]:
        weighed: list[tuple[Mention, Decision, Routing | None]] = []
        for brand in judged.aliases:
            if brand in judged.decided_brands:
                continue
            mention = as_mention(judged, brand, self._type_names)
            decision = decide(
                mention,
                thresholds=self._settings.thresholds,
                brand_languages=self._languages.get(brand, ()),
                max_age=self._settings.alerting.max_age,
                now=self._clock(),
            )
            routing = route(mention, self._settings.routes, self._settings.default_route) if decision.alert else None
            weighed.append((mention, decision, routing))
        return weighed

    def _answers(self, weighed: Sequence[_Weighed]) -> dict[tuple[str, str], list[StoredPost]]:
        """The company's posts that are kept already, in the threads of the posts that want an answer."""
        raised = [judged.post for judged, brands in weighed if any(decision.alert for _, decision, _ in brands)]
        if not raised:
            return {}
        threads = {(str(post.platform), thread_of(post)) for post in raised}
        since = min(post.published_at for post in raised)
        found: dict[tuple[str, str], list[StoredPost]] = {}
        for post in self._store.cases.own_posts(threads, since=since):
            found.setdefault((str(post.platform), thread_of(post)), []).append(post)
        return found

    def _standing(self, weighed: Sequence[_Weighed]) -> list[CaseFacts]:
        wanted: list[tuple[StoredPost, Collection[str]]] = [
            (judged.post, self._languages if judged.post.ours else {m.brand for m, d, _ in brands if d.alert})
            for judged, brands in weighed
        ]
        keys = keys_of(wanted)
        if not keys:
            return []
        oldest = min(post.published_at for post, brands in wanted if brands)
        # An answer may come long after the last post; a customer's post only joins within the window.
        since = oldest - max(self._settings.alerting.join_within, self._settings.alerting.escalation.close_after)
        return self._store.cases.joinable(keys, since=since)

    def _told(self, weighed: Sequence[_Weighed], words: Mapping[int, Words]) -> list[ToldPost]:
        """What stands in open cases that the posts of the batch may pass on or say again."""
        raised = [judged.post for judged, brands in weighed if any(decision.alert for _, decision, _ in brands)]
        found: list[ToldPost] = []
        for platform in sorted({str(post.platform) for post in raised}):
            posts = [post for post in raised if post.platform == platform]
            found += self._store.alike.told(
                platform,
                keys={key for post in posts if (key := words[post.id].key) is not None},
                originals={post.repost_of for post in posts if post.repost_of is not None},
                names={post.native_id for post in posts},
                since=min(post.published_at for post in posts) - self._settings.alerting.join_within,
            )
        return found

    @staticmethod
    def _raised(alert: _Alert, words: Words) -> Raised:
        main = alert.mention.types[0] if alert.mention.types else ""
        return Raised(alert.judged.post, alert.mention.brand, alert.mention.severity, main, alert.routing, words)

    def _messages(self, alert: _Alert, placed: Placed) -> Iterator[NewDelivery]:
        known_to = placed.known_to or ()
        first = placed.opened or placed.known_to is not None  # whoever was told nothing yet hears of a new case
        kind = MessageKind.CASE_OPENED if first else MessageKind.CASE_UPDATED
        message: Message | None = None
        for destination in self._destinations.of(name for name in placed.case.channels if name not in known_to):
            key = compose.delivery_key("case", placed.case.id, kind, alert.judged.post.id, destination)
            # The message differs between destinations in nothing but its key.
            message = self._message(alert, placed, kind, key) if message is None else replace(message, key=key)
            yield NewDelivery(
                key=key,
                kind=kind,
                channel=destination,
                message=message.to_json(),
                not_before=self._clock(),
                case_id=placed.case.id,
            )

    def _message(self, alert: _Alert, placed: Placed, kind: MessageKind, key: str) -> Message:
        settings, now = self._settings, self._clock()
        if kind is MessageKind.CASE_OPENED:
            message = compose.case_opened(
                alert.mention,
                key=key,
                case_id=placed.case.id,
                decision=alert.decision,
                routing=alert.routing,
                company=settings.company,
                zone=settings.zone,
                playbook=settings.alerting.playbook,
                now=now,
            )
            return replace(message, opened_at=placed.case.opened_at)
        return compose.case_updated(
            alert.mention,
            key=key,
            case_id=placed.case.id,
            decision=alert.decision,
            routing=alert.routing,
            company=settings.company,
            zone=settings.zone,
            playbook=settings.alerting.playbook,
            now=now,
            opened_at=placed.case.opened_at,
            earlier_posts=placed.earlier_posts,
        )

    def _with_next_step(self, case: CaseFacts) -> CaseFacts:
        return replace(case, next_step_at=look_again_at(case, self._settings, self._clock()))
