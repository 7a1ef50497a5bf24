"""monitor route test: which way a post would go, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import plain, read_settings

if TYPE_CHECKING:
    from alerts.base import Mention

SEVERITIES = ("none", "mild", "serious", "critical")


@click.group()
def route() -> None:
    """Try the routes."""


@route.command()
@click.argument("text")
@click.option("--brand", help="Default: the first brand that the text matches, else the first one.")
@click.option("--platform", default="x", show_default=True)
@click.option("--author", default="somebody")
@click.option("--followers", type=int)
@click.option("--type", "types", multiple=True, help="Say the complaint type instead of asking the model.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Say the severity instead of asking the model.")
@click.option("--language", help="Say the language instead of detecting it.")
@click.option("--expect", help="Channels, separated by commas; exit status 1 if the post would go elsewhere.")
@click.pass_obj
def test(path: str, /, text: str, expect: str | None, **said: Any) -> None:
    """Print what the policy says of a post with this TEXT, which routes it takes, and over which channels."""
    from alerts.policy import decide
    from alerts.routing import explain
    from alerts.routing import route as take

    settings = read_settings(path)
    mention = _mention(settings, text, said)
    now = datetime.now(UTC)
    languages = {brand.name: brand.languages for brand in settings.brands}
    decision = decide(
        mention,
        thresholds=_thresholds(settings),
        brand_languages=languages[mention.brand],
        max_age=settings.alerting.max_age,
        now=now,
    )
    click.echo(f"brand {plain(mention.brand)} (by {plain(mention.alias)}), {_judgement(mention)}")
    click.echo(f"alert: {'yes' if decision.alert else 'no'}: {plain(f'{decision.sentence} {decision.detail}')}")
    channels: tuple[str, ...] = ()
    if decision.alert:
        for considered in explain(mention, settings.routes, settings.default_route):
            click.echo(f"  {'->' if considered.taken else '  '} {plain(considered.name)}: {plain(considered.why)}")
        channels = take(mention, settings.routes, settings.default_route).channels
    click.echo(f"channels: {plain(', '.join(channels) or 'none')}")
    if expect is not None and {c.strip() for c in expect.split(",") if c.strip()} != set(channels):
        click.echo(f"expected: {plain(expect)}", err=True)
        raise SystemExit(1)


def _thresholds(settings: Any) -> Any:
    from classifiers.base import ModelUnusable
    from classifiers.thresholds import in_force

    try:
        return in_force(settings.thresholds, settings.model)
    except ModelUnusable as error:
        raise click.ClickException(plain(str(error))) from None


def _judgement(mention: Mention) -> str:
    from config.languages import language_name

    language = f"language {mention.language} ({language_name(mention.language)})"
    if not mention.judged:
        return f"not judged, {language}"
    mood = f"{mention.sentiment} {mention.confidence:.0%}"
    if mention.sentiment_only:
        return f"{mood}, complaint and severity not judged, {language}"
    kinds = ", ".join(mention.types) or "no complaint type"
    severity = mention.severity.name.lower()
    return f"{mood}, complaint {mention.p_complaint:.0%}, {plain(kinds)}, severity {severity}, {language}"


def _mention(settings: Any, text: str, said: dict[str, Any]) -> Any:
    from dataclasses import replace

    from classifiers import registry
    from classifiers.base import ModelUnusable
    from collectors.base import Post
    from collectors.matching import Matcher
    from config.vocabulary import Platform, Severity
    from monitor.pipeline.mention import as_mention
    from monitor.states import PostState
    from monitor.store.values import JudgedPost, StoredPost

    names = [brand.name for brand in settings.brands]
    if said["brand"] and said["brand"] not in names:
        raise click.BadParameter(f"known brands: {', '.join(names)}", param_hint="--brand")
    if said["platform"] not in list(Platform):
        raise click.BadParameter(f"known platforms: {', '.join(Platform)}", param_hint="--platform")
    if set(said["types"]) - set(settings.type_names):
        raise click.BadParameter(f"complaint types: {', '.join(settings.type_names)}", param_hint="--type")
    now = datetime.now(UTC)
    post = Post(
        platform=Platform(said["platform"]),
        native_id="test",
        text=text,
        published_at=now,
        author_handle=said["author"],
        followers=said["followers"],
    )
    heard = Matcher(settings.brands).heard(post, said["brand"])
    if heard is None:
        click.echo("matches no brand by any alias: it would not be kept. Taken as one for this test.", err=True)
    match = heard.matches[0] if heard else None
    brand = said["brand"] or (match.brand if match else names[0])
    try:
        verdict = registry.build(settings.model, settings.complaint_types).classify([text])[0]
    except ModelUnusable as error:
        raise click.ClickException(plain(str(error))) from None
    stored = StoredPost(
        id=0,
        platform=post.platform,
        native_id="test",
        source="test",
        text=text,
        title=None,
        author_id=None,
        author_handle=post.author_handle,
        author_name=None,
        followers=post.followers,
        url=None,
        thread=None,
        published_at=now,
        dated_by="platform",
        collected_at=now,
        ours=bool(heard and heard.ours),
        state=PostState.SCORED,
    )
    mention = as_mention(
        JudgedPost(post=stored, verdict=verdict, model="", aliases={brand: match.alias if match else "-"}),
        brand,
        settings.every_type_name,
    )
    if said["types"]:
        named = {"types": said["types"], "type_names": ()}
        mention = replace(mention, **named, complaint=True, p_complaint=1.0, type_confidence=1.0)
    if said["severity"]:
        severity = Severity[said["severity"].upper()]
        mention = replace(
            mention,
            severity=severity,
            severity_confidence=1.0,
            complaint=severity > 0,
            p_complaint=1.0 if severity else mention.p_complaint,
        )
    if said["types"] or said["severity"]:
        mention = replace(mention, sentiment_only=False)
    if said["language"]:
        mention = replace(mention, language=said["language"])
    return mention
