"""The settings of the invented Larkspoon Rail, whose channels lead to servers on this machine."""

from __future__ import annotations

from pathlib import Path

from config.template import PLAYBOOK
from config.toml_text import quoted
from config.vocabulary import Platform
from monitor.demo.clauses import COMPANY
from monitor.demo.posts import FILES
from monitor.demo.timeline import OWN, ZONE

SLACK_TOKEN = "MONITOR_DEMO_SLACK_TOKEN"  # noqa: S105 - the names of environment variables, not secrets
WEBHOOK_SECRET = "MONITOR_DEMO_WEBHOOK_SECRET"  # noqa: S105
DIRECTOR = "director@larkspoon.example"


def settings_text(folder: Path, *, slack_port: int, smtp_port: int, webhook_port: int) -> str:
    """The settings file of the demo: posts from `write_posts(folder)`, the database in the same folder.

    The channels speak to 127.0.0.1 at the ports given. The environment must hold something under SLACK_TOKEN and
    WEBHOOK_SECRET; neither leaves this machine.
    """
    accounts = [f"  {{ platform = {quoted(platform)}, handle = {quoted(name)} }}," for platform, name in OWN.items()]
    return _TEXT.format(
        mark=MARK,
        company=quoted(COMPANY),
        zone=quoted(ZONE.key),
        accounts="\n".join(accounts),
        sources="\n".join(_source(platform, folder / name) for platform, name in FILES.items()),
        slack_token=SLACK_TOKEN,
        slack_url=quoted(f"http://127.0.0.1:{slack_port}/api/"),
        smtp_port=smtp_port,
        webhook_url=quoted(f"http://127.0.0.1:{webhook_port}/cases"),
        webhook_secret=WEBHOOK_SECRET,
        playbook="\n".join(f"{kind} = {quoted(text)}" for kind, text in PLAYBOOK.items()),
        director=quoted(DIRECTOR),
        database=quoted(f"sqlite:///{folder.absolute() / 'demo.db'}"),
    )


def _source(platform: Platform, path: Path) -> str:
    name = path.stem.replace("_", "-")
    is_review = platform is Platform.APP_STORE
    further = f"time_zone = {quoted(ZONE.key)}  # these times have none\nrating_max = 5\n" if is_review else ""
    columns = [f"{field} = {quoted(field)}" for field in _COLUMNS[platform]]
    return (
        f'[[sources]]\nkind = "files"\nname = "{name}"\nevery = "1m"\npath = {quoted(str(path.absolute()))}\n'
        f'platform = "{platform}"\n{further}columns = {{ {", ".join(columns)} }}\n'
    )


_BASIC = ("id", "created_at", "author", "text", "language", "url")
_COLUMNS: dict[Platform, tuple[str, ...]] = {
    Platform.X: (*_BASIC, "followers", "thread"),
    Platform.REDDIT: (*_BASIC, "followers", "thread", "title"),
    Platform.BLUESKY: (*_BASIC, "followers", "thread"),
    Platform.APP_STORE: (*_BASIC, "title", "rating"),
    Platform.FEED: (*_BASIC, "title"),
}

# How a demo's folder is known: the first lines of its settings.
MARK = """\
# Larkspoon Rail is invented, and so are its places, its staff, its customers and all they say.
# Nothing here reaches anybody: every channel leads to a server on this machine.
"""

_TEXT = """\
{mark}
company = {company}
time_zone = {zone}

[[brands]]
name = {company}
aliases = [
  {{ text = "Larkspoon", kind = "word" }},
  {{ text = "Larkspoon Rail", kind = "phrase" }},
  {{ text = "LarkspoonRail", kind = "handle" }},
  {{ text = "LarkspoonRail", kind = "hashtag" }},
  {{ text = "Larkspoon", kind = "hashtag" }},
  {{ text = "larkspoon.example", kind = "domain" }},
]
own_accounts = [
{accounts}
]
exclusion_words = ["recipe"]  # larkspoon is also a herb, in this world

{sources}
[[channels]]
kind = "console"
name = "console"

[[channels]]
kind = "slack"
name = "care"
per_minute = 6000
token = "env:{slack_token}"
conversation = "C0DEMOCARE"
api_url = {slack_url}

[[channels]]
kind = "slack"
name = "operations"
per_minute = 6000
token = "env:{slack_token}"
conversation = "C0DEMOOPS"
api_url = {slack_url}

[[channels]]
kind = "mail"
name = "billing-team"
per_minute = 6000
host = "127.0.0.1"
port = {smtp_port}
security = "none"
sender = "monitor@larkspoon.example"
sender_name = "Larkspoon Rail listens (demo)"
recipients = ["billing@larkspoon.example"]

[[channels]]
kind = "mail"
name = "duty-manager"
per_minute = 6000
host = "127.0.0.1"
port = {smtp_port}
security = "none"
sender = "monitor@larkspoon.example"
sender_name = "Larkspoon Rail listens (demo)"
recipients = ["duty@larkspoon.example"]

[[channels]]
kind = "webhook"
name = "case-desk"
per_minute = 6000
url = {webhook_url}
secret = "env:{webhook_secret}"
allow_private_address = true

[[routes]]
name = "safety"  # somebody must read these now, and the team as well
when = {{ types = ["safety"] }}
channels = ["duty-manager", "console"]
continue = true

[[routes]]
name = "critical"
when = {{ min_severity = "critical" }}
channels = ["care", "console"]

[[routes]]
name = "loud-voices"
when = {{ min_reach = 10000 }}
channels = ["care", "case-desk"]

[[routes]]
name = "billing"
when = {{ types = ["billing"] }}
channels = ["billing-team"]

[[routes]]
name = "operations"
when = {{ types = ["delay", "quality", "technical"] }}
channels = ["operations"]

[[routes]]
name = "lost-property"
when = {{ types = ["lost_or_damaged"] }}
channels = ["case-desk"]

[default_route]
name = "everything-else"
channels = ["care"]

[alerting]
operators = ["console"]

[alerting.office_hours]
days = ["mon", "tue", "wed", "thu", "fri", "sat"]
opens = "07:00"
closes = "20:00"

[alerting.escalation]
remind_after = "3h"
remind_times = 1
escalate_after = "10h"
escalate_to = ["duty-manager"]
min_severity = "serious"

[alerting.playbook]
{playbook}

[digest]
enabled = true
day = "mon"
at = "08:30"
channel = "billing-team"
recipients = [{director}]

[database]
url = {database}
"""
