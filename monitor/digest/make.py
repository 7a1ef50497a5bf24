"""From the store to a digest as it is sent: facts, frozen before they are rendered, and the mail around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from alerts.compose import delivery_key
from alerts.mime import Picture, build_mail, message_id
from config.alerting import MailChannel
from config.settings import Settings
from monitor.digest.build import Occasion
from monitor.digest.facts import Facts
from monitor.digest.gather import gather
from monitor.digest.mail import Rendered, render, write_preview
from monitor.digest.numbers import moment
from monitor.digest.period import Week, send_time, weeks_due
from monitor.store.engine import Store

REPORT = "weekly"
# A digest made later than this says so; one that waited for posts to be judged (six hours at most) does not.
LATE_AFTER = timedelta(hours=12)
NOBODY = "director@example.invalid"  # the preview's recipient where none is configured (RFC 2606)


def mail_channel(settings: Settings) -> MailChannel | None:
    """The mail channel that sends the digest; None where none is configured."""
    return next(
        (c for c in settings.channels if isinstance(c, MailChannel) and c.name == settings.digest.channel), None
    )


def digest_key(week: Week, recipient: str) -> str:
    """The delivery key of one week's digest to one recipient."""
    return delivery_key("digest", REPORT, week, recipient)


def facts_of(store: Store, settings: Settings, week: Week, now: datetime) -> Facts:
    """The facts of a week as they stand now; nothing is stored.

    Raises:
        ValueError: the week is not over.
    """
    facts = gather(
        store.reports,
        Occasion(
            company=settings.company,
            week=week,
            zone=settings.zone,
            now=now,
            overdue_after=settings.alerting.escalation.escalate_after,
            sources={source.name: source.every for source in settings.sources if source.enabled},
            type_names=settings.every_type_name,
        ),
    )
    late = _lateness(store, settings, week, now)
    return replace(facts, cautions=(late, *facts.cautions)) if late else facts


def _lateness(store: Store, settings: Settings, week: Week, now: datetime) -> str | None:
    """What a digest says that is sent long after its time; None for one in time, and where none is to be sent."""
    digest, zone = settings.digest, settings.zone
    since = store.reports.listening_since()
    if since is None or week not in weeks_due(now, zone, digest, since=since):
        return None
    wanted = send_time(week, zone, digest)
    if now < wanted + LATE_AFTER:
        return None
    return f"This digest is late: it was due on {moment(wanted, zone)} and was made on {moment(now, zone)}."


def frozen_facts(store: Store, settings: Settings, week: Week, now: datetime) -> Facts:
    """The facts of a week as they were when first asked for: a digest sent again says the same."""
    kept = store.reports.load(REPORT, str(week))
    if kept is None:
        kept = store.reports.save(REPORT, str(week), facts_of(store, settings, week, now).to_json(), now)
    return Facts.from_json(kept)


def mail_body(rendered: Rendered, settings: Settings, *, week: Week, recipient: str, at: datetime) -> str:
    """The whole mail, ASCII: the same arguments give the same bytes."""
    channel = mail_channel(settings)
    sender = channel.sender if channel else "monitor@example.invalid"
    raw = build_mail(
        message_id=message_id(sender.rpartition("@")[2], digest_key(week, recipient)),
        sender=sender,
        sender_name=channel.sender_name if channel else "Sentiment monitor",
        recipient=recipient,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        pictures=[Picture(cid=cid, png=png, file_name=f"{cid}.png") for cid, png in rendered.images.items()],
        date=at,
    )
    return raw.decode("ascii")


def preview(store: Store, settings: Settings, week: Week, now: datetime, folder: Path) -> list[Path]:
    """Write a week's digest as it would be sent: HTML, text, charts, and the mail itself.

    A digest that has been frozen is shown as it was; another one as the facts stand now. Nothing is stored.

    Raises:
        ValueError: the week is not over.
    """
    kept = store.reports.load(REPORT, str(week))
    facts = Facts.from_json(kept) if kept is not None else facts_of(store, settings, week, now)
    rendered = render(facts)
    written = write_preview(rendered, folder)
    recipient = next(iter(settings.digest.recipients), NOBODY)
    mail = folder / "digest.eml"
    mail.write_bytes(mail_body(rendered, settings, week=week, recipient=recipient, at=facts.made_at).encode("ascii"))
    facts_file = folder / "facts.json"
    facts_file.write_text(facts.to_json(), encoding="utf-8")
    return [*written, mail, facts_file]
