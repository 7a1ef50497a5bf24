"""monitor correct: what a post really says, in the word of a person."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import opened, plain

if TYPE_CHECKING:
    from monitor.store.corrections import Outcome
    from monitor.store.engine import Store


@click.command()
@click.argument("post")
@click.option("--sentiment", default="", metavar="WORD", help="negative, neutral or positive.")
@click.option("--complaint/--no-complaint", default=None, help="Whether the customer complains of something.")
@click.option("--types", default="", metavar="WORDS", help='The complaint types, the main one first: "delay staff".')
@click.option("--severity", default="", metavar="0-3", help="0: no complaint, 1: mild, 2: serious, 3: critical.")
@click.option(
    "--flags",
    default="",
    metavar="WORDS",
    help='All that apply of leaves, needs_reply, praise, names_staff_or_place; or "none".',
)
@click.option("--by", "who", default=getpass.getuser, show_default="your user name")
@click.option("--note", default="", help="A word for those who read the correction.")
@click.pass_obj
def correct(path: str, /, post: str, complaint: bool | None, who: str, note: str, **words: str) -> None:
    """Correct the labels of a POST: its number, its platform and id (x:1234), or its address.

    Say only what is to be corrected; saying what the model says confirms it. The post, its case and the next digest
    show the corrected labels from then on; nobody is alerted. Types or a severity from 1 on mean a complaint. The
    newest correction of a label counts, and all are kept.
    """
    from monitor.cli.label_words import BadLabel, labels_from
    from monitor.clock import wall_clock
    from monitor.pipeline.copies import copies
    from monitor.store.corrections import Correction, Fate

    said = words | {"complaint": "" if complaint is None else "yes" if complaint else "no"}
    with opened(path, untrained=True) as (settings, store):
        try:
            labels = labels_from(said, settings.type_names)
        except BadLabel as error:
            if not any(said.values()):
                raise click.UsageError("say what is to be corrected: --sentiment, --complaint, --types, …") from None
            raise click.BadParameter(plain(str(error)), param_hint=f"--{error.column}") from None
        post_id, text = _find(store, post)
        one = Correction(post_id=post_id, labels=labels, note=note)
        outcome = store.corrections.add([one], who=who, now=wall_clock())[0]
        if outcome.fate not in (Fate.STORED, Fate.KNOWN):
            raise click.ClickException(f"post {post_id} cannot be corrected: {outcome.fate.value}")
        _say(store, outcome)
        same = len(copies(store, text, but=post_id))
    if same:
        click.echo(f"{same} more stored post{'s' if same != 1 else ''} with the same text: not changed by this.")


def _find(store: Store, name: str) -> tuple[int, str]:
    """The one post that is meant, and its text."""
    from config.vocabulary import Platform
    from monitor.store.judged import as_judged

    platform, colon, native_id = name.partition(":")
    if name.isascii() and name.isdigit():
        one = store.posts.get(int(name)) if len(name) <= _LONGEST_NUMBER else None
        found = [one] if one else []
    elif colon and platform in list(Platform):
        one = store.corrections.find(platform, native_id)
        found = [one] if one else []
    elif name.startswith(("http://", "https://")):
        found = store.corrections.at_url(name)
    else:
        raise click.BadParameter(
            f"{plain(name)}: give a post's number, platform:id with one of {', '.join(Platform)}, or its address",
            param_hint="POST",
        )
    if not found:
        raise click.ClickException(f"there is no post {plain(name)}")
    if len(found) > 1:
        numbers = ", ".join(str(one.id) for one in found)
        raise click.ClickException(f"several posts have this address: {numbers}; name one of them")
    return found[0].id, as_judged(found[0].title, found[0].text)


_LONGEST_NUMBER = 18  # digits of a number that both databases hold


def _say(store: Store, outcome: Outcome) -> None:
    from monitor.store.corrections import Fate
    from monitor.store.labels import Labels, in_words

    if outcome.fate is Fate.KNOWN:
        click.echo(f"post {outcome.post_id}: this is what stands already; nothing was stored")
        return
    before, after = outcome.before or Labels(), outcome.after or Labels()
    changed = [
        f"{name} {in_words(getattr(before, name))} -> {in_words(getattr(after, name))}"
        for name in after.named
        if getattr(before, name) != getattr(after, name)
    ]
    click.echo(f"post {outcome.post_id}: {plain(', '.join(changed)) or 'confirmed as it is'}")
    for case_id in outcome.cases:
        seen = store.cases.show(case_id)
        if seen is not None:
            case = seen.case
            about = f"{case.severity.name.lower()} {case.main_type}" if case.severity else "no complaint"
            click.echo(f"case {case_id} ({case.state}): now {plain(about)}")
