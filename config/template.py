"""The first settings file of a company: it runs as it is, on sources that need no key."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from config.problems import printable
from config.toml_text import quoted
from config.vocabulary import COMPLAINT_TYPES

LONGEST = 100  # as config.settings takes it
SHORTEST_WORD = 3  # a handle or hashtag of fewer Latin letters brings mostly other people's posts
UNSEEN = ("Cc", "Cf", "Cs", "Cn")
JOINERS = "\u200c\u200d"  # invisible, but they hold scripts and emoji together

# What the director might want said; meant to be rewritten.
PLAYBOOK: dict[str, str] = {
    "quality": "Thank them for saying it, ask what exactly fell short, and say what happens with the answer.",
    "delay": "Say what is known and when the next word comes. Name their rights before they ask for them.",
    "lost_or_damaged": "Ask for the reference privately, open the trace yourself, name the date of the next word.",
    "billing": "Never discuss sums in public. Ask for the invoice number privately and call back the same day.",
    "ordering": "Offer to make the booking or change for them. If our page was at fault, say so.",
    "technical": "Say whether the fault is known, give a way round it, and tell them when it is mended.",
    "staff": "Apologise without judging the colleague in public. Ask where and when, tell the line manager.",
    "support": "Apologise for the silence, take the case over by name, and do not send them back to a queue.",
    "policy": "Explain the reason in two sentences, do not argue, and pass the remark on to the owner of the rule.",
    "safety": "Call the duty manager at once. Ask whether everybody is safe. Promise nothing about the cause.",
    "other": "Ask one open question, and answer a person, not a ticket.",
}


def starter(company: str) -> str:
    """A commented settings file for the company, which loads without a problem.

    The name is taken as data: blanks are folded and control characters dropped.

    Raises:
        ValueError: nothing readable is left of the name, or it is longer than 100 characters.
    """
    name = _cleaned(company)
    word = _word(name)
    phrase = f'"{" ".join(name.replace(chr(34), " ").split()) or word}"'
    return _TEXT.format(
        company=quoted(name),
        about=_comment(name),
        aliases="\n".join(_aliases(name, word)),
        account=quoted(word),
        query=quoted(phrase),
        feed=quoted(f"https://news.google.com/rss/search?q={quote(phrase)}&hl=en-US&gl=US&ceid=US:en"),
        playbook="\n".join(f"{kind} = {quoted(PLAYBOOK[kind])}" for kind in COMPLAINT_TYPES),
    )


def _cleaned(company: str) -> str:
    """The name on one line: control and direction characters and half surrogates out, blanks folded."""
    spaced = "".join(" " if char.isspace() else char for char in company)
    kept = (char for char in spaced if char in JOINERS or unicodedata.category(char) not in UNSEEN)
    name = " ".join("".join(kept).split())
    if not any(char.isalnum() or unicodedata.category(char) == "So" for char in name):
        raise ValueError(f'"{printable(company)}" is not the name of a company: it has no letter, digit or symbol')
    if len(name) > LONGEST:
        raise ValueError(f"the name of a company has at most {LONGEST} characters, this one has {len(name)}")
    return name


def _word(name: str) -> str:
    """The name as one word, as handles and hashtags write it; ASCII where that leaves anything."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    ascii_word = "".join(re.findall(r"[a-z0-9]", folded))
    letters = "".join(char for char in name.casefold() if char.isalnum())
    return ((ascii_word if len(ascii_word) >= max(2, len(letters) // 2) else letters) or name)[:LONGEST]


def _aliases(name: str, word: str) -> list[str]:
    kind = "phrase" if " " in name else "word"
    forms = [(name, kind, "the name itself")]
    if any(char.isalnum() for char in word) and (len(word) >= SHORTEST_WORD or not word.isascii()):
        forms += [(word, "handle", "@… on any platform"), (word, "hashtag", "also inside longer ones")]
    if re.fullmatch(rf"[a-z0-9]{{{SHORTEST_WORD},63}}", word):
        forms.append((f"{word}.com", "domain", "a guess: put your own domain here"))
    return [f"  {{ text = {quoted(text)}, kind = {quoted(kind)} }},  # {note}" for text, kind, note in forms]


def _comment(name: str) -> str:
    """The name fit for a comment, where nothing can be escaped."""
    return printable(name, LONGEST)


_TEXT = """\
# Settings of the sentiment monitor for {about}.
# Check them with `monitor config check`; see all that is in force with `monitor config show`.
# Every setting is explained in docs/settings.md; config/example.toml shows each of them.

company = {company}
time_zone = "UTC"  # your organisation's zone, such as "Europe/Berlin": office hours and weeks are counted in it

# What to listen for -------------------------------------------------------------------------------------

[[brands]]
name = {company}
aliases = [
{aliases}
]
# If the name is also a common word, ask for a word beside it, or refuse posts that hold another:
# context_words = ["delivery", "order", "customer service"]
# exclusion_words = ["hiring", "recipe"]
# Posts of your own accounts never raise a case, and they stop the clock of the case they answer:
# own_accounts = [{{ platform = "x", handle = {account} }}]

# Where to listen: these need no key ---------------------------------------------------------------------

[[sources]]
kind = "hackernews"
name = "hacker-news"
every = "15m"
queries = [{query}]

[[sources]]
kind = "feed"
name = "google-news"
every = "30m"
url = {feed}

[[sources]]
kind = "files"  # drop exports and surveys here: CSV or JSON Lines, plain or gzip
name = "inbox"
every = "1m"
path = "inbox/*"
time_zone = "UTC"  # for times without a zone
# The text is looked for in a column named "text". Name your columns as far as the files have them:
# columns = {{ text = "comment", id = "id", created_at = "date", author = "author", url = "link" }}

# Whom to tell -------------------------------------------------------------------------------------------
# A secret is never written here: name the environment variable (env:) or the file (file:) that holds it.

[[channels]]
kind = "console"
name = "console"

# [[channels]]
# kind = "slack"
# name = "care"
# token = "env:SLACK_BOT_TOKEN"     # a bot with chat:write, channels:history and channels:read
# conversation = "C0123456789"

# [[channels]]
# kind = "mail"
# name = "mail"
# host = "smtp.company.example"
# username = "monitor"
# password = "env:SMTP_PASSWORD"
# sender = "monitor@company.example"
# recipients = ["care@company.example"]

# [[channels]]
# kind = "webhook"
# name = "desk"
# url = "https://desk.company.example/monitor"
# secret = "env:WEBHOOK_SECRET"

# Who gets what: the first route that fits wins ----------------------------------------------------------

[[routes]]
name = "safety"
when = {{ types = ["safety"] }}
channels = ["console"]

[[routes]]
name = "billing"
when = {{ types = ["billing"], min_severity = "serious" }}
channels = ["console"]

[default_route]
name = "everything-else"
channels = ["console"]

# What customers complain about, in your own words: docs/complaint-types.md. Without a list the shipped types hold.

# From which probability on it counts --------------------------------------------------------------------

[thresholds]
negative = 0.6
complaint_mild = 0.6
complaint_serious = 0.5
complaint_critical = 0.35  # rather one alert too many than a stranded customer overlooked
# Or say what share is to be found, in place of a line above; `monitor thresholds` shows what each share costs:
# [thresholds.aim]
# serious_complaints_found = 0.85

[alerting]
max_age = "7d"  # an older post is judged and counted, but nobody is alerted
operators = ["console"]  # told of broken sources and undeliverable messages

[alerting.office_hours]
days = ["mon", "tue", "wed", "thu", "fri"]
opens = "09:00"
closes = "18:00"

[alerting.escalation]
remind_after = "2h"
escalate_after = "8h"
escalate_to = ["console"]

# Your guidance for the team, shown with each alert, by complaint type. Rewrite it in your own words.
[alerting.playbook]
{playbook}

# The weekly digest --------------------------------------------------------------------------------------
# To have it sent: set up the mail channel above, then enabled = true, channel = "mail" and the recipients.

[digest]
enabled = false
day = "mon"
at = "08:30"
# channel = "mail"
# recipients = ["director@company.example"]

[database]
url = "sqlite:///monitor.db"  # beside this file; or postgresql+psycopg://host/database with user and password
"""
