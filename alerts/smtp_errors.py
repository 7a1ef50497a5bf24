"""What an SMTP server's refusal means, by the step at which it refused."""

from __future__ import annotations

from enum import StrEnum

from alerts.base import ErrorClass

TAKEN = range(200, 300)  # RFC 5321 §4.2.1: positive completion
REFUSED = range(400, 600)  # for now, or for good
FOR_GOOD = range(500, 600)


class Phase(StrEnum):
    """The steps of one submission, in order."""

    CONNECT = "connect"
    EHLO = "ehlo"  # and STARTTLS
    AUTH = "auth"
    MAIL = "mail from"
    RCPT = "rcpt to"
    DATA = "data"
    CONTENT = "content"  # from the first byte of the mail to the reply to its final dot


# At any step. Sources: RFC 5321 §4.2, RFC 4954 §6; 432 is Exchange's word for too many connections.
CODES: dict[int, ErrorClass] = {
    421: ErrorClass.TRANSIENT,
    432: ErrorClass.TRANSIENT,
    454: ErrorClass.TRANSIENT,  # temporary authentication or TLS failure
    523: ErrorClass.CONTENT,  # message too large
    530: ErrorClass.CREDENTIAL,
    534: ErrorClass.CREDENTIAL,
    535: ErrorClass.CREDENTIAL,
    538: ErrorClass.CREDENTIAL,
}

# At one step, where it means something else there.
AT: dict[tuple[Phase, int], ErrorClass] = {
    (Phase.CONNECT, 554): ErrorClass.DESTINATION,  # no SMTP service here
    (Phase.MAIL, 552): ErrorClass.CONTENT,  # larger than the server takes (SIZE)
    (Phase.RCPT, 552): ErrorClass.SLOW,  # the mailbox is full
}

# Any other refusal: (temporary, for good).
OTHERS: dict[Phase, tuple[ErrorClass, ErrorClass]] = {
    Phase.CONNECT: (ErrorClass.TRANSIENT, ErrorClass.DESTINATION),
    Phase.EHLO: (ErrorClass.TRANSIENT, ErrorClass.DESTINATION),
    Phase.AUTH: (ErrorClass.TRANSIENT, ErrorClass.CREDENTIAL),
    Phase.MAIL: (ErrorClass.TRANSIENT, ErrorClass.CREDENTIAL),  # this sender may not send here
    Phase.RCPT: (ErrorClass.SLOW, ErrorClass.RECIPIENT),  # greylisting, or no such mailbox
    Phase.DATA: (ErrorClass.TRANSIENT, ErrorClass.CONTENT),
    Phase.CONTENT: (ErrorClass.TRANSIENT, ErrorClass.CONTENT),
}


def smtp_class(phase: Phase, code: int) -> ErrorClass:
    """The class of a refusal with this code at this step.

    An answer that is no refusal (garbage, or out of turn) is TRANSIENT, but AMBIGUOUS once the mail was sent.
    """
    if phase is Phase.CONTENT and code not in REFUSED:
        return ErrorClass.AMBIGUOUS
    if (phase, code) in AT:
        return AT[phase, code]
    if code in CODES:
        return CODES[code]
    temporary, for_good = OTHERS[phase]
    return for_good if code in FOR_GOOD else temporary
