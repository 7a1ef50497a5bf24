"""Facts as a mail: subject, plain text, HTML and pictures. The MIME around them is `alerts.mime`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alerts.mail import inlined
from alerts.sanitize import for_header, web_url
from config.vocabulary import Severity
from monitor.digest import coverage, numbers, text, words
from monitor.digest.charts import charts
from monitor.digest.facts import Count, Coverage, Facts, Measure, Quote, SourceLine
from monitor.digest.period import Week
from monitor.digest.statistics import FEW, Estimate, Trend

_TICK = timedelta(microseconds=1)  # the end is the first instant that is no longer in the week

# Strong enough for white text on them (WCAG AA); the words say the same, no meaning hangs on the colour alone.
_COLOURS = {Trend.UP: "#0b6b3a", Trend.DOWN: "#a3123a", Trend.UNCLEAR: "#3d5166", Trend.TOO_FEW: "#3d5166"}
_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.SERIOUS: "serious",
    Severity.MILD: "mild",
    Severity.NONE: "not graded",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """The digest, ready to be sent: `images` by the content id under which the HTML shows them."""

    subject: str
    text: str
    html: str
    images: Mapping[str, bytes]


def render(facts: Facts) -> Rendered:
    """Write the digest. The same facts give the same digest; the first line of each form is the headline."""
    pictures = charts(facts)
    values = _values(facts)
    html = _templates("html").get_template("digest.html").render(**values, charts={one.cid: one for one in pictures})
    plain = _templates("text").get_template("digest.txt").render(**values)
    return Rendered(
        subject=for_header(subject(facts)),
        text=plain,
        html=inlined(html),
        images={one.cid: one.png for one in pictures},
    )


def subject(facts: Facts) -> str:
    """Company, week and the verdict: "Acme, week 46: worse than last week (net sentiment −18, was −3)"."""
    net, before = facts.mood.net, facts.mood_before.net if facts.mood_before else None
    level = ""
    if net and before:
        level = f" (net sentiment {numbers.points(net.value)}, was {numbers.points(before.value)})"
    elif net:
        level = f" (net sentiment {numbers.points(net.value)})"
    return f"{facts.company}, week {Week.parse(facts.week).number}: {facts.verdict}{level}"


def write_preview(rendered: Rendered, folder: Path) -> list[Path]:
    """Write digest.html with its pictures beside it, and digest.txt; the folder is made, older files are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    html = rendered.html
    written = []
    for cid, png in rendered.images.items():
        # Quotes are escaped in all foreign text, so this exact attribute stands only where the template wrote it.
        html = html.replace(f'src="cid:{cid}"', f'src="{cid}.png"')
        written.append(folder / f"{cid}.png")
        written[-1].write_bytes(png)
    for name, content in (("digest.html", html), ("digest.txt", rendered.text)):
        written.append(folder / name)
        written[-1].write_text(content, encoding="utf-8", newline="\n")
    return written


@cache
def _templates(form: Literal["html", "text"]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=form == "html",  # noqa: S701 - plain text has nothing to escape; its lines are clean
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "points": lambda estimate: numbers.points(estimate.value) if estimate else "–",
        "range": _range,
        "percent": lambda estimate: numbers.percent(estimate.value) if estimate else "too few to say",
        "percents": _percents,
        "duration": lambda seconds: "–" if seconds is None else numbers.duration(seconds),
        "step": words.step,
        "before": lambda count: "–" if count.before is None else f"{count.before:,}",
        "number": lambda value: f"{value:,.0f}",
        "sign": words.sign_of,
        "weekday": numbers.weekday,
        "severity": _SEVERITIES.__getitem__,
        "link": web_url,
        "listed": numbers.listed,
        "share": numbers.share,
        "missing": coverage.missing,
    }
    return environment


def _values(facts: Facts) -> dict[str, object]:
    zone = ZoneInfo(facts.zone)
    return {
        "facts": facts,
        "subject": subject(facts),
        "week_number": Week.parse(facts.week).number,
        "days": numbers.span(facts.start, facts.end - _TICK, zone),
        "colour": _COLOURS[facts.trend],
        "moment": lambda at: numbers.moment(at, zone) if at else "never",
        "origin": lambda quote: _origin(quote, zone),
        "figures": _figures(facts),
        "sources": [(line, _coverage(line, zone)) for line in facts.sources],
        "has_cases": bool(facts.response.cases or facts.cases.open_at_end or facts.cases.closed.now),
        "within": lambda seconds: _within(facts, seconds),
        "alerted": sum(line.posts for line in facts.reasons if line.alert),
        "judge": _judge(facts, zone),
        "quiet": [line for line in facts.reasons if not line.alert],
    }


def _judge(facts: Facts, zone: ZoneInfo) -> tuple[tuple[str, str, tuple[Measure, ...]], ...]:
    """How right the judge is: each basis by name, in words, and what was measured on it; empty in older facts."""
    accuracy = facts.accuracy
    if accuracy is None:
        return ()
    first = ("Random sample", words.sampled(accuracy, numbers.date_of(accuracy.since, zone)), accuracy.sample)
    second = words.corrected(accuracy)
    return (first, ("All labelled posts", second, accuracy.corrections)) if second else (first,)


def _figures(facts: Facts) -> tuple[tuple[str, str, str], ...]:
    """The four numbers at the top: label, value, what to compare it with."""
    mood, before, response = facts.mood, facts.mood_before, facts.response
    if mood.net:
        net = (numbers.points(mood.net.value), f"95 % sure: {_range(mood.net)}")
    else:
        net = ("–", f"only {numbers.amount(mood.judged, 'judged post')}" if mood.judged else "no judged post")
    if before and before.net:
        net = (net[0], f"last week {numbers.points(before.net.value)}")
    if response.median is not None:
        before_that = response.median_before
        was = "median" if before_that is None else f"last week {numbers.duration(before_that)}"
        answer = (numbers.duration(response.median), was)
    else:
        of = numbers.amount(response.cases, "case")
        answer = ("–", f"{response.answered} of {of} answered" if response.cases else "no case opened")
    return (
        ("Posts", f"{facts.volume.posts.now:,}", _was(facts.volume.posts)),
        ("Net sentiment", *net),
        ("Complaints", f"{facts.complaints.now:,}", _was(facts.complaints)),
        ("First answer after", *answer),
    )


def _within(facts: Facts, seconds: float | None) -> str:
    if seconds is not None:
        return numbers.duration(seconds)
    return "not reached: too many still wait" if facts.response.cases >= FEW else "–"


def _was(count: Count) -> str:
    return "" if count.before is None else f"last week {count.before:,}"


def _range(estimate: Estimate | None) -> str:
    return f"{numbers.points(estimate.low)} to {numbers.points(estimate.high)}" if estimate else "–"


def _percents(estimate: Estimate | None) -> str:
    return f"{numbers.percent(estimate.low)} to {numbers.percent(estimate.high)}" if estimate else "–"


def _origin(quote: Quote, zone: ZoneInfo) -> str:
    reach = "" if quote.reach is None else numbers.amount(quote.reach, "follower")
    when = numbers.moment(quote.published_at, zone)
    parts = (quote.author or "unnamed author", text.place(quote.platform), reach, when)
    return " · ".join(part for part in parts if part)


def _coverage(line: SourceLine, zone: ZoneInfo) -> str:
    """How a source was read, in words that tell silence from failure."""
    if line.coverage is Coverage.LATER:
        return "first read after the week had ended"
    last = f"last read {numbers.moment(line.last_success_at, zone)}" if line.last_success_at else "never read yet"
    why = f": {line.error}" if line.error else ""
    return {
        Coverage.READ: "read throughout",
        Coverage.QUIET: "quiet: read throughout, nothing new",
        Coverage.GAPS: "read with a gap",
        Coverage.BROKEN: f"broken, {last}{why}",
        Coverage.NOT_READ: f"not read this week, {last}",
    }[line.coverage]
