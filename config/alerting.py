"""Who is told what: channels, routes, thresholds in time, escalation and the director's playbook."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

from config.durations import ClockTime, Duration
from config.secret import HttpUrl, Secret
from config.strict import IS_PATH, OneLine, Strict
from config.vocabulary import Platform, Severity

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
# ASCII: other addresses need SMTPUTF8 along the whole way; a domain can be given in its xn-- form.
Address = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$", max_length=254)
]


def _severity(value: object) -> Severity:
    """A severity by its word or its number."""
    for severity in Severity:
        if value is severity or value == severity.name.lower():
            return severity
        if type(value) is int and value == severity.value:
            return severity
    raise ValueError("must be none, mild, serious or critical (or 0 to 3)")


SeverityWord = Annotated[
    Severity, BeforeValidator(_severity), PlainSerializer(lambda severity: severity.name.lower(), return_type=str)
]


class _Channel(Strict):
    name: ChannelName
    per_minute: Annotated[int, Field(ge=1, le=6000)] = 50  # at most so many messages a minute


class SlackChannel(_Channel):
    """A Slack conversation, spoken to as a bot: messages can be looked up, threaded and never doubled."""

    kind: Literal["slack"] = "slack"
    token: Secret
    conversation: Annotated[str, StringConstraints(min_length=1)]  # its id, such as C0123456789
    api_url: HttpUrl = "https://slack.com/api/"


class SlackWebhookChannel(_Channel):
    """A Slack incoming webhook: no look-up, so a crash in mid-send may double one message."""

    kind: Literal["slack_webhook"] = "slack_webhook"
    url: Secret


class MailChannel(_Channel):
    """E-mail by SMTP: one envelope for each recipient."""

    kind: Literal["mail"] = "mail"
    host: Annotated[str, StringConstraints(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Annotated[str | None, IS_PATH] = None  # further certificate authority to trust
    username: str | None = None
    password: Secret | None = None
    sender: Address
    sender_name: OneLine = "Sentiment monitor"
    recipients: Annotated[tuple[Address, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> MailChannel:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password: give both or neither")
        local = self.host in ("localhost", "127.0.0.1", "::1")
        if self.password is not None and self.security == "none" and not local:
            raise ValueError('security: a password is only sent with "starttls" or "tls"')
        return self


class WebhookChannel(_Channel):
    """A JSON POST, signed with HMAC-SHA256, to a system of the company's own."""

    kind: Literal["webhook"] = "webhook"
    url: HttpUrl
    secret: Secret
    allow_private_address: bool = False  # for a receiver on the company's own network


class ConsoleChannel(_Channel):
    """The daemon's own terminal."""

    kind: Literal["console"] = "console"
    per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000_000  # a terminal needs no mercy


Channel = Annotated[
    SlackChannel | SlackWebhookChannel | MailChannel | WebhookChannel | ConsoleChannel,
    Field(discriminator="kind"),
]


class When(Strict):
    """What a route asks of a mention; every condition given must hold, an empty one holds always."""

    brands: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    types: tuple[str, ...] = ()  # any of the mention's complaint types
    min_severity: SeverityWord = Severity.NONE
    languages: tuple[str, ...] = ()
    min_reach: Annotated[int, Field(ge=0)] = 0  # followers of the author; unknown counts as 0
    keywords: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()  # any, as whole words


class Route(Strict):
    """One line of the ordered list: the first that holds wins, unless it says to continue."""

    name: ChannelName
    when: When = When()
    channels: tuple[str, ...] = ()  # () with quiet = true: recorded, nobody told
    continue_: Annotated[bool, Field(alias="continue")] = False
    quiet: bool = False

    @model_validator(mode="after")
    def _tells_somebody_or_is_quiet(self) -> Route:
        if bool(self.channels) == self.quiet:
            raise ValueError("channels: name at least one, or set quiet = true and none")
        return self


class OfficeHours(Strict):
    """When the team works, in the organisation's time zone."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    opens: ClockTime = time(9)
    closes: ClockTime = time(18)

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> OfficeHours:
        if self.opens >= self.closes:
            raise ValueError("closes: must be later than opens")
        return self


class Escalation(Strict):
    """When a case that nobody has answered is told again, and to whom else."""

    remind_after: Duration = timedelta(hours=2)
    remind_times: Annotated[int, Field(ge=0, le=20)] = 2
    escalate_after: Duration = timedelta(hours=8)
    escalate_to: tuple[str, ...] = ()  # channels; () = no escalation
    min_severity: SeverityWord = Severity.MILD  # cases below are neither reminded nor escalated
    close_after: Duration = timedelta(days=14)  # an answered or unanswered case without news is closed

    @model_validator(mode="after")
    def _reminds_before_it_escalates(self) -> Escalation:
        if self.escalate_after < self.remind_after:
            raise ValueError("escalate_after: must not be shorter than remind_after")
        return self


class Alerting(Strict):
    """How long a post is worth an alert, how cases are joined, and what the director wants said."""

    max_age: Duration = timedelta(days=7)  # an older post is judged and counted, nobody is alerted
    join_within: Duration = timedelta(days=2)  # a customer's next post joins the open case within so long
    office_hours: OfficeHours = OfficeHours()
    escalation: Escalation = Escalation()
    operators: tuple[str, ...] = ()  # channels told of broken sources and undeliverable messages
    playbook: dict[str, str] = Field(default_factory=dict)  # complaint type -> guidance shown with the alert
