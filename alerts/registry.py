"""From channel settings to channels: explicit and total."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from alerts.base import Channel
from config.alerting import Channel as ChannelSettings
from config.alerting import ConsoleChannel, MailChannel, SlackChannel, SlackWebhookChannel, WebhookChannel


def build(settings: Sequence[ChannelSettings], *, accepted: Path | None = None) -> tuple[Channel, ...]:
    """The channels of these settings, in order; a mail channel becomes one channel for each recipient.

    No secret is read and nothing is connected to until the first message. Each kind's library is loaded only
    where the kind is used. `accepted` is a folder for what a channel must remember across a kill (see
    `alerts/accepted.py`).
    """
    return tuple(channel for one in settings for channel in _built(one, accepted))


def destinations(settings: ChannelSettings) -> tuple[str, ...]:
    """The names of the channels that `build` makes of these settings: what a delivery is addressed to."""
    if isinstance(settings, MailChannel):
        return tuple(f"{settings.name}:{recipient}" for recipient in settings.recipients)
    return (settings.name,)


def _built(settings: ChannelSettings, accepted: Path | None) -> tuple[Channel, ...]:
    match settings:
        case SlackChannel():
            from alerts.slack import SlackBot

            return (SlackBot(settings),)
        case SlackWebhookChannel():
            from alerts.slack import SlackWebhook

            return (SlackWebhook(settings),)
        case MailChannel():
            from alerts.mail import Mail

            return tuple(Mail(settings, recipient, accepted=accepted) for recipient in settings.recipients)
        case WebhookChannel():
            from alerts.webhook import Webhook

            return (Webhook(settings),)
        case ConsoleChannel():
            from alerts.console import Console

            return (Console(settings),)
        case _:
            assert_never(settings)
