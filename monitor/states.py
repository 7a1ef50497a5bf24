"""The states of post, case and delivery, and every step between them, as tables."""

from __future__ import annotations

from enum import StrEnum


class PostState(StrEnum):
    """Where a post stands on its way."""

    COLLECTED = "collected"  # to be judged
    SCORED = "scored"  # to be decided
    DECIDED = "decided"
    QUARANTINED = "quarantined"  # three tries failed; listed, not lost
    WITHDRAWN = "withdrawn"  # gone upstream; text and author are erased


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # somebody has taken it
    RESPONDED = "responded"  # the customer has been answered
    RESOLVED = "resolved"
    DISMISSED = "dismissed"  # no case after all


class CaseEvent(StrEnum):
    """What can happen to a case."""

    ACK = "ack"
    RESPOND = "respond"
    RESOLVE = "resolve"
    DISMISS = "dismiss"
    CUSTOMER_POSTS = "customer_posts"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    LEASED = "leased"  # a worker holds it, nothing has left
    SENDING = "sending"  # the request may be on the wire
    WAITING = "waiting"  # to be tried again at not_before
    AMBIGUOUS = "ambiguous"  # may have arrived: ask first
    SENT = "sent"
    PARKED = "parked"  # its destination is broken
    DEAD = "dead"  # refused for good, or the horizon has passed
    CANCELLED = "cancelled"


class IllegalTransition(Exception):
    """A step that the tables do not have; the message says what is possible now."""


CASE: dict[tuple[CaseState, CaseEvent], CaseState] = {
    (CaseState.OPEN, CaseEvent.ACK): CaseState.ACKNOWLEDGED,
    (CaseState.OPEN, CaseEvent.RESPOND): CaseState.RESPONDED,
    (CaseState.OPEN, CaseEvent.RESOLVE): CaseState.RESOLVED,
    (CaseState.OPEN, CaseEvent.DISMISS): CaseState.DISMISSED,
    (CaseState.OPEN, CaseEvent.CUSTOMER_POSTS): CaseState.OPEN,
    (CaseState.ACKNOWLEDGED, CaseEvent.RESPOND): CaseState.RESPONDED,
    (CaseState.ACKNOWLEDGED, CaseEvent.RESOLVE): CaseState.RESOLVED,
    (CaseState.ACKNOWLEDGED, CaseEvent.DISMISS): CaseState.DISMISSED,
    (CaseState.ACKNOWLEDGED, CaseEvent.CUSTOMER_POSTS): CaseState.ACKNOWLEDGED,
    (CaseState.RESPONDED, CaseEvent.RESOLVE): CaseState.RESOLVED,
    (CaseState.RESPONDED, CaseEvent.DISMISS): CaseState.DISMISSED,
    (CaseState.RESPONDED, CaseEvent.CUSTOMER_POSTS): CaseState.OPEN,  # answered, and still unhappy
}

# A further post of the customer joins a case in one of these; a closed case stays closed, a new one opens.
JOINABLE = frozenset({CaseState.OPEN, CaseState.ACKNOWLEDGED, CaseState.RESPONDED})

# Nothing more happens to a delivery in one of these by itself.
FINAL = frozenset({DeliveryState.SENT, DeliveryState.DEAD, DeliveryState.CANCELLED})


def after(state: CaseState, event: CaseEvent) -> CaseState:
    """The state of a case after an event.

    Raises:
        IllegalTransition: naming the events that are possible in this state.
    """
    try:
        return CASE[state, event]
    except KeyError:
        possible = ", ".join(e.value for s, e in CASE if s == state and e is not CaseEvent.CUSTOMER_POSTS)
        raise IllegalTransition(
            f"cannot {event} a case that is {state}; possible now: {possible or 'nothing, it is closed'}"
        ) from None
