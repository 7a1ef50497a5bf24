"""The sentences of the digest, made from its numbers by fixed rules. Pure; everything foreign is clean already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from config.vocabulary import Severity
from monitor.digest import spoken
from monitor.digest.coverage import WHOLE, missing
from monitor.digest.facts import Accuracy, Count, Coverage, Facts, Mood
from monitor.digest.numbers import DAY_NAMES, amount, change_of, duration, listed, points, share, signed
from monitor.digest.statistics import FEW, Trend

NAMED = 3  # complaint types or cases named in one sentence; more is a list nobody reads
MOST_ACTIONS = 5
WORST_DAY = 0.3  # share of the week's negative posts from which a single day is worth naming: twice an even day's


@dataclass(frozen=True, slots=True)
class Past:
    """What of last week bears on the comparison."""

    models: tuple[str, ...]
    incomplete: tuple[str, ...]  # sources from which a part of it is missing
    begun: tuple[str, ...]  # sources first read during it
    foreign: float | None = None  # its share of posts that no model could read, where there are far more now


def with_sentences(facts: Facts, past: Past, *, begun: Sequence[str]) -> Facts:
    """The facts with headline, cautions, changes and actions written."""
    headline, verdict = _headline(facts)
    return replace(
        facts,
        headline=headline,
        verdict=verdict,
        cautions=tuple(_cautions(facts, past, begun)),
        changes=tuple(_changes(facts)),
        actions=tuple(_actions(facts))[:MOST_ACTIONS] or ("Nothing needs a decision this week.",),
    )


def notes(zone: str) -> tuple[str, ...]:
    """How the numbers were made, for the small print."""
    counted = (
        f"A post counts in the week in which it was published, by the clock of {zone}. Posts by the company's own "
        "accounts are left out. A post judged more than once counts by its newest verdict, a corrected one by its "
        "correction."
    )
    net = "Net sentiment = (positive − negative) ÷ judged posts, in points from −100 to +100."
    ranges = (
        "Ranges are 95 % intervals for chance alone (Wilson; Newcombe for net sentiment and its change). The "
        "classifier's own mistakes are not in them: see “How right is the judge?”."
    )
    few = (
        f"Under {FEW} posts or cases only counts are given. A change of a complaint type is called clear by its share "
        "of the judged posts, at 5 % false calls over all types (Benjamini-Hochberg)."
    )
    response = (
        "First response: from the customer's first post to the first answer on record, for cases opened in the "
        "week, as of its end. Cases without an answer count as still waiting (Kaplan-Meier); dismissed ones are "
        "left out."
    )
    sample = "People who post are no random sample of customers: this is what is said in public, not what all think."
    return counted, net, ranges, few, response, sample


def _headline(facts: Facts) -> tuple[str, str]:
    mood, before = facts.mood, facts.mood_before
    if facts.volume.posts.now == 0:
        return _silence(facts), "no posts"
    if mood.net is None:
        return f"Too few posts to say better or worse: {mood.judged} judged ({_counts(mood)}).", "too few posts"
    level = f"net sentiment {points(mood.net.value)}"
    sure = f"95 % sure: {points(mood.net.low)} to {points(mood.net.high)}"
    if before is None:
        judged = amount(mood.judged, "judged post")
        return f"First week: {level} ({sure}) from {judged}; no week before it.", "first week"
    if before.net is None or facts.change is None:
        few = f"last week had only {amount(before.judged, 'judged post')}"
        return f"No comparison, {few}: {level} ({sure}).", "no comparison"
    step = round(mood.net.value * 100) - round(before.net.value * 100)
    low, high = facts.change.low, facts.change.high
    if facts.trend is Trend.UNCLEAR:
        words = f"{level}, last week {points(before.net.value)}"
        return (
            f"No clear change from last week: {words} (95 % sure: {points(low)} to {points(high)} points of change).",
            "no clear change",
        )
    better = facts.trend is Trend.UP
    size = sorted((abs(round(low * 100)), abs(round(high * 100))))
    verb = "rose" if better else "fell"
    verdict = "better than last week" if better else "worse than last week"
    moved = f"net sentiment {verb} by {abs(step)} points to {points(mood.net.value)}"
    return f"{verdict.capitalize()}: {moved} (95 % sure: by {size[0]} to {size[1]}).", verdict


def _silence(facts: Facts) -> str:
    missing = [line for line in facts.sources if line.coverage not in WHOLE]
    if not facts.sources:
        return "No posts this week, and no source was read."
    if missing:
        of = f"{len(missing)} of {amount(len(facts.sources), 'source')}"
        return f"No posts this week, but {of} could not be read throughout: this silence proves nothing."
    return "No posts this week: every source was read and had nothing new."


def _counts(mood: Mood) -> str:
    return f"{mood.negative} negative, {mood.neutral} neutral, {mood.positive} positive"


def _cautions(facts: Facts, past: Past, begun: Sequence[str]) -> list[str]:
    said = []
    for line in facts.sources:
        if line.coverage is Coverage.BROKEN:
            said.append(f"Source {line.name} was failing when the week ended; posts from it may be missing.")
        elif line.coverage is Coverage.NOT_READ:
            said.append(f"Source {line.name} was not read at all this week.")
        elif line.coverage is Coverage.GAPS and line.longest_gap is not None:
            said.append(f"Source {line.name} was not read for {duration(line.longest_gap)} at a stretch.")
    said += [f"Source {line.name}: {one}" for line in facts.sources for one in missing(line)]
    if begun:
        said.append(f"First read during this week: {listed(begun)}. Earlier posts may be missing.")
    if past.incomplete:
        skewed = "Last week is incomplete, which skews the comparison"
        said.append(f"{skewed}: {listed(past.incomplete)} not read throughout.")
    if past.begun:
        said.append(f"First read during last week: {listed(past.begun)}. Last week may be incomplete.")
    if past.models and facts.models and past.models != facts.models:
        said.append("The two weeks were not judged by the same model: a part of the change may be the model's.")
    return [*said, *spoken.cautions(facts, past.foreign)]


def _changes(facts: Facts) -> list[str]:
    posts = facts.volume.posts
    said = [f"{amount(posts.now, 'post')}{_beside(posts)}.{_usual(facts)}"] if posts.now or posts.before else []
    said += _negative_share(facts)
    rising = [line for line in facts.types if line.trend is Trend.UP]
    falling = [line for line in facts.types if line.trend is Trend.DOWN]
    for word, lines in (("Clearly more", rising), ("Clearly less", falling)):
        if lines:
            named = [f"{line.name} ({line.posts.now}, last week {line.posts.before})" for line in lines[:NAMED]]
            said.append(f"{word}: {listed(named)}.")
    compared = facts.mood_before is not None
    if compared and facts.types and not rising and not falling and facts.types[0].trend is Trend.UNCLEAR:
        said.append("No complaint type takes a clearly larger or smaller share than last week.")
    elif not compared and facts.types:
        named = [f"{line.name} ({line.posts.now})" for line in facts.types[:NAMED]]
        said.append(f"Most frequent complaints: {listed(named)}.")
    worst = max(facts.days, key=lambda day: day.negative, default=None)
    if worst and facts.mood.negative >= FEW and worst.negative >= WORST_DAY * facts.mood.negative:
        day = DAY_NAMES[worst.day.weekday()]
        said.append(f"{day} stands out: {worst.negative} of the week's {facts.mood.negative} negative posts.")
    if facts.leaves.now:
        said.append(f"{amount(facts.leaves.now, 'customer post')} about leaving or boycotting{_beside(facts.leaves)}.")
    return said


def _negative_share(facts: Facts) -> list[str]:
    mood, before = facts.mood, facts.mood_before
    if mood.judged < FEW:
        return []
    was = f" (last week {share(before.negative, before.judged)})" if before and before.judged >= FEW else ""
    negative, positive = share(mood.negative, mood.judged), share(mood.positive, mood.judged)
    return [f"{negative} of judged posts were negative{was}, {positive} positive."]


def _beside(count: Count) -> str:
    if count.before is None:
        return ""
    return f", {change_of(count)} last week"


def _usual(facts: Facts) -> str:
    volume = facts.volume
    if volume.usual is None:
        return ""
    net = f", at net sentiment {points(volume.usual_net)}" if volume.usual_net is not None else ""
    return f" Usual is {volume.usual:,.0f}{net} (median of {volume.weeks} weeks)."


def _actions(facts: Facts) -> list[str]:
    said = []
    cases = facts.cases
    if cases.overdue:
        numbers = listed([str(number) for number in cases.overdue[:NAMED]], more=len(cases.overdue) - NAMED)
        verb = "has" if len(cases.overdue) == 1 else "have"
        said.append(
            f"Answer the overdue: {amount(len(cases.overdue), 'case')} {verb} waited longer than "
            f"{duration(cases.overdue_after)} ({'case' if len(cases.overdue) == 1 else 'cases'} {numbers})."
        )
    critical = next((line.posts.now for line in facts.severities if line.severity is Severity.CRITICAL), 0)
    if critical:
        said.append(
            f"Read the critical: {amount(critical, 'complaint')} about safety, fraud, legal threats or people stranded."
        )
    said += [
        f"Find the cause of the rise in {line.name}: {amount(line.posts.now, 'post')}, last week {line.posts.before}."
        for line in [line for line in facts.types if line.trend is Trend.UP][:NAMED]
    ]
    broken = [source for source in facts.sources if source.coverage in (Coverage.BROKEN, Coverage.NOT_READ)]
    said += [
        f"Have source {source.name} mended{f' ({source.error})' if source.error else ''}." for source in broken[:NAMED]
    ]
    if facts.praise.naming:
        said.append(f"Pass on the praise: {amount(facts.praise.naming, 'post')} praised staff or a place by name.")
    return said


def sampled(accuracy: Accuracy, since: str) -> str:
    """What the figures of the random sample are measured on, or what to do where there are none."""
    begin = "To begin: monitor sample --size 50, then monitor sample --label."
    if not accuracy.model:
        return "Nothing has been judged yet."
    if not accuracy.drawn:
        return f"Not measured: no post published since {since} has been drawn at random. {begin}"
    drawn = f"{amount(accuracy.drawn, 'post')} published since {since} {_were(accuracy.drawn)} drawn at random"
    if not accuracy.labelled:
        return f"Not measured: {drawn}, but none is labelled yet. To go on: monitor sample --label."
    if not accuracy.sampled:
        return f"Not measured: {drawn} and {accuracy.labelled} labelled, none of them judged by the version in use."
    missing = accuracy.drawn - accuracy.labelled
    open_ones = f"; {missing} not labelled yet: if these are the hard ones, the figures flatter" if missing else ""
    others = accuracy.labelled - accuracy.sampled
    left = f" {amount(others, 'post')} judged by another version or edited since {_were(others)} left out."
    of = "" if accuracy.days_drawn == accuracy.days else f" {accuracy.days_drawn} of the"
    return (
        f"Measured on {amount(accuracy.sampled, 'post')} labelled by people: {drawn}{open_ones}. This sample stands "
        f"for all judged posts of{of or ' the'} {accuracy.days} days since.{left if others else ''}"
    )


def corrected(accuracy: Accuracy) -> str:
    """What the figures of all labelled posts are measured on; "" where nobody corrected anything but the sample."""
    free = accuracy.corrected - accuracy.sampled
    if not free:
        return ""
    return (
        f"All {amount(accuracy.corrected, 'labelled post')}, with {free} that somebody corrected unasked. Corrections "
        "are mistakes that somebody came across, not a sample: these shares do not tell how often the judge is wrong."
    )


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def sign_of(trend: Trend) -> str:
    """A change in words, for tables."""
    return {
        Trend.UP: "clearly more",
        Trend.DOWN: "clearly less",
        Trend.UNCLEAR: "no clear change",
        Trend.TOO_FEW: "too few to say",
    }[trend]


def step(count: Count) -> str:
    """A change of a count, for tables: "+12", "−3", "±0", "" where there is nothing to compare."""
    return "" if count.before is None else signed(count.now - count.before)
