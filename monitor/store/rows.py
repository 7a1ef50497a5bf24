"""Rows to values and back: nothing else in the program sees a row."""

from __future__ import annotations

from typing import Any

from alerts.base import MessageKind, Receipt
from classifiers.base import Verdict
from config.vocabulary import Flag, Platform, Sentiment, Severity
from monitor.states import CaseState, DeliveryState, PostState
from monitor.store.transactions import AnyRow
from monitor.store.values import (
    BackfillFacts,
    CaseFacts,
    Claimed,
    DeliveryFacts,
    HistoryLine,
    SourceFacts,
    StoredPost,
    Tally,
)

RUNNING, DONE = "running", "done"  # states of a backfill job


def stored_post(row: AnyRow) -> StoredPost:
    """A row of `post`."""
    return StoredPost(
        id=row.id,
        platform=Platform(row.platform),
        native_id=row.native_id,
        source=row.source,
        text=row.text,
        title=row.title,
        author_id=row.author_id,
        author_handle=row.author_handle,
        author_name=row.author_name,
        followers=row.followers,
        url=row.url,
        thread=row.thread,
        published_at=row.published_at,
        dated_by=row.dated_by,
        collected_at=row.collected_at,
        ours=row.ours,
        state=PostState(row.state),
        repost_of=row.repost_of,
    )


def verdict_values(post_id: int, verdict: Verdict) -> dict[str, Any]:
    """A verdict as a row of `verdict`, less the model and the time."""
    return {
        "post_id": post_id,
        "judged": verdict.judged,
        "sentiment_only": verdict.sentiment_only,
        "language": verdict.language,
        "sentiment": verdict.sentiment.value,
        "p_negative": float(verdict.p_negative),
        "p_neutral": float(verdict.p_neutral),
        "p_positive": float(verdict.p_positive),
        "p_complaint": float(verdict.p_complaint),
        "complaint": bool(verdict.complaint),
        "types": " ".join(verdict.types),
        "severity": int(verdict.severity),
        "flags": " ".join(verdict.flags),
        "probabilities": {
            "types": {name: float(p) for name, p in verdict.type_probabilities.items()},
            "severity": [float(p) for p in verdict.severity_probabilities],
            "flags": {name: float(p) for name, p in verdict.flag_probabilities.items()},
        },
    }


def stored_verdict(row: AnyRow) -> Verdict:
    """A row of `verdict`."""
    return Verdict(
        sentiment=Sentiment(row.sentiment),
        p_negative=row.p_negative,
        p_neutral=row.p_neutral,
        p_positive=row.p_positive,
        p_complaint=row.p_complaint,
        complaint=row.complaint,
        types=tuple(row.types.split()),
        type_probabilities=row.probabilities["types"],
        severity=Severity(row.severity),
        severity_probabilities=tuple(row.probabilities["severity"]),
        flags=tuple(Flag(word) for word in row.flags.split()),
        flag_probabilities=row.probabilities["flags"],
        language=row.language,
        judged=row.judged,
        sentiment_only=row.sentiment_only,
    )


def case_values(case: CaseFacts) -> dict[str, Any]:
    """A case as a row of `case`, less its version."""
    return {
        "id": case.id,
        "brand": case.brand,
        "platform": case.platform.value,
        "thread": case.thread,
        "author": case.author,
        "handle": case.handle,
        "state": case.state.value,
        "severity": int(case.severity),
        "main_type": case.main_type,
        "routes": " ".join(case.routes),
        "channels": list(case.channels),
        "posts": case.posts,
        "opened_at": case.opened_at,
        "first_post_at": case.first_post_at,
        "last_post_at": case.last_post_at,
        "waits_since": case.waits_since,
        "acked_at": case.acked_at,
        "first_response_at": case.first_response_at,
        "closed_at": case.closed_at,
        "assignee": case.assignee,
        "reminders": case.reminders,
        "escalated_at": case.escalated_at,
        "next_step_at": case.next_step_at,
    }


def case_facts(row: AnyRow) -> CaseFacts:
    """A row of `case`."""
    return CaseFacts(
        id=row.id,
        brand=row.brand,
        platform=Platform(row.platform),
        thread=row.thread,
        author=row.author,
        handle=row.handle,
        state=CaseState(row.state),
        severity=Severity(row.severity),
        main_type=row.main_type,
        routes=tuple(row.routes.split()),
        channels=tuple(row.channels),
        posts=row.posts,
        opened_at=row.opened_at,
        first_post_at=row.first_post_at,
        last_post_at=row.last_post_at,
        waits_since=row.waits_since,
        acked_at=row.acked_at,
        first_response_at=row.first_response_at,
        closed_at=row.closed_at,
        assignee=row.assignee,
        reminders=row.reminders,
        escalated_at=row.escalated_at,
        next_step_at=row.next_step_at,
        version=row.version,
    )


def receipt_values(receipt: Receipt) -> dict[str, Any]:
    """A receipt as JSON."""
    return {"provider_id": receipt.provider_id, "details": dict(receipt.details)}


def stored_receipt(raw: dict[str, Any] | None) -> Receipt | None:
    """What `receipt_values` wrote."""
    return None if raw is None else Receipt(raw["provider_id"], raw["details"])


def claimed(row: AnyRow, reply_to: Receipt | None) -> Claimed:
    """A row of `delivery` under lease."""
    return Claimed(
        id=row.id,
        key=row.key,
        kind=MessageKind(row.kind),
        channel=row.channel,
        case_id=row.case_id,
        message=row.message,
        body=row.body,
        attempt=row.attempt,
        tries=row.tries,
        ambiguous=row.ambiguous,
        created_at=row.created_at,
        queued_at=row.queued_at,
        first_tried_at=row.first_tried_at,
        reply_to=reply_to,
    )


def delivery_facts(row: AnyRow) -> DeliveryFacts:
    """A row of `delivery`."""
    return DeliveryFacts(
        id=row.id,
        key=row.key,
        kind=MessageKind(row.kind),
        channel=row.channel,
        case_id=row.case_id,
        state=DeliveryState(row.state),
        attempt=row.attempt,
        tries=row.tries,
        not_before=row.not_before,
        created_at=row.created_at,
        sent_at=row.sent_at,
        error=row.error,
    )


def history_line(row: AnyRow) -> HistoryLine:
    """A row of `history`."""
    return HistoryLine(
        at=row.at,
        entity=row.entity,
        entity_id=row.entity_id,
        event=row.event,
        before=row.before,
        after=row.after,
        who=row.who,
        why=row.why,
    )


def source_facts(row: AnyRow) -> SourceFacts:
    """A row of `source_state`."""
    return SourceFacts(
        name=row.name,
        cursor=row.cursor,
        first_run_at=row.first_run_at,
        last_try_at=row.last_try_at,
        last_success_at=row.last_success_at,
        last_post_at=row.last_post_at,
        last_new_at=row.last_new_at,
        next_due_at=row.next_due_at,
        failures=row.failures,
        last_error=row.last_error,
        stopped=row.stopped,
        gaps=row.gaps,
        empties=row.empties,
        blocked_until=row.blocked_until,
        alarm=row.alarm,
        total=_tally(row),
    )


def backfill_facts(row: AnyRow) -> BackfillFacts:
    """A row of `backfill`."""
    return BackfillFacts(
        id=row.id,
        source=row.source,
        since=row.since,
        until=row.until,
        cursor=row.cursor,
        done=row.state == DONE,
        budget=row.budget,
        spent=row.spent,
        requests=row.requests,
        started_at=row.started_at,
        ended_at=row.ended_at,
        total=_tally(row),
    )


def _tally(row: AnyRow) -> Tally:
    return Tally(row.stored, row.duplicates, row.edited, row.unmatched, row.rejected)
