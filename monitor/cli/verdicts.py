"""How verdicts are shown: in full at a terminal, in a few words, as columns of a file, many in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from classifiers.base import Verdict
    from monitor.store.languages import Languages

ADDED = (
    "sentiment",
    "p_negative",
    "p_neutral",
    "p_positive",
    "p_complaint",
    "types",
    "severity",
    "flags",
    "language",
    "model",
)


def say(text: str, verdict: Verdict) -> None:
    """Print a text with its verdict."""
    from rich.console import Console
    from rich.text import Text

    from alerts.sanitize import for_terminal

    console = Console(highlight=False)
    console.print(Text(for_terminal(text), style="bold"), soft_wrap=True)
    if not verdict.judged:
        console.print(Text(f"  not judged: {_unread(verdict.language)}"))
        return
    colour = {"negative": "red", "neutral": "yellow", "positive": "green"}[verdict.sentiment]
    console.print(
        Text("  ")
        .append(f"{verdict.sentiment} {verdict.confidence:.0%}", style=colour)
        .append(
            f"   (negative {verdict.p_negative:.2f}, neutral {verdict.p_neutral:.2f}, "
            f"positive {verdict.p_positive:.2f})"
        )
    )
    what = f"  complaint {verdict.p_complaint:.0%}"
    if verdict.sentiment_only:
        what = "  complaint, type and severity not judged: the model for this language gives the sentiment alone"
    elif verdict.complaint:
        kinds = ", ".join(f"{t} {verdict.type_probabilities.get(t, 0.0):.0%}" for t in verdict.types)
        what += f": {kinds or 'no type'}; severity {int(verdict.severity)} ({verdict.severity.name.lower()})"
    console.print(Text(what))
    if verdict.flags:
        console.print(Text(f"  flags: {', '.join(verdict.flags)}"))
    console.print(Text(f"  language: {_language(verdict.language)}"))


def _language(code: str) -> str:
    from config.languages import UNDETERMINED, language_name

    return "too short or too mixed to tell, judged as English" if code == UNDETERMINED else language_name(code)


def _unread(code: str) -> str:
    from config.languages import UNDETERMINED, language_name

    return "no words" if code == UNDETERMINED else f"no model for {language_name(code)}"


def row_of(verdict: Verdict, model: str) -> dict[str, str]:
    """The added columns of one row, in their order; what is not judged is empty, but severity, which is 0 to 3."""
    known = {"severity": "0", "language": verdict.language, "model": model}
    if not verdict.judged:
        return dict.fromkeys(ADDED, "") | known
    if verdict.sentiment_only:
        names = ("p_negative", "p_neutral", "p_positive")
        moods = {name: f"{getattr(verdict, name):.4f}" for name in names}
        return dict.fromkeys(ADDED, "") | {"sentiment": verdict.sentiment.value} | moods | known
    return {
        "sentiment": verdict.sentiment.value,
        "p_negative": f"{verdict.p_negative:.4f}",
        "p_neutral": f"{verdict.p_neutral:.4f}",
        "p_positive": f"{verdict.p_positive:.4f}",
        "p_complaint": f"{verdict.p_complaint:.4f}",
        "types": " ".join(verdict.types),
        "severity": str(int(verdict.severity)),
        "flags": " ".join(verdict.flags),
        "language": verdict.language,
        "model": model,
    }


def said(verdict: Verdict) -> str:
    """A verdict in a few words: what was judged, and what was not."""
    from config.languages import UNDETERMINED, language_name

    language = language_name(verdict.language)
    if not verdict.judged:
        return "not judged: no words" if verdict.language == UNDETERMINED else f"not judged: no model for {language}"
    mood = f"{verdict.sentiment} {verdict.confidence:.0%}"
    if verdict.sentiment_only:
        return f"{mood}, complaint and severity not judged in {language}"
    of = "language undetermined, judged as English" if verdict.language == UNDETERMINED else language
    return f"{mood}, complaint {verdict.p_complaint:.0%}, {of}"


def summary(seen: Languages) -> str:
    """What was judged of some texts, and what was not: "40 rows: 37 judged; 3 not judged (Spanish 2, no words 1)"."""
    parts = [f"{sum(seen.judged.values())} judged"]
    if seen.sentiment_only:
        parts.append(f"{sum(seen.sentiment_only.values())} for their sentiment alone ({listed(seen.sentiment_only)})")
    if missing := seen.foreign + seen.wordless:
        wordless = f"no words {seen.wordless}" if seen.wordless else ""
        why = ", ".join(part for part in (listed(seen.unserved), wordless) if part)
        parts.append(f"{missing} not judged ({why})")
    return f"{seen.posts} rows: {', '.join(parts)}"


def listed(posts: Mapping[str, int]) -> str:
    """Languages with their posts, the most frequent first: "German 12, Spanish 3"."""
    from monitor.store.languages import named

    return ", ".join(f"{language} {count}" for language, count in named(posts))
