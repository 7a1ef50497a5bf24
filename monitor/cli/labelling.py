"""monitor sample --label: drawn posts one after the other, one key for each answer, stored as they are answered."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import local, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings
    from monitor.cli.interview import Question
    from monitor.cli.keys import Key
    from monitor.store.engine import Store
    from monitor.store.labels import Labels
    from monitor.store.samples import SampledPost

QUIT, SKIP, BACK = "q", "s", "b"


class _Quit(Exception):
    """Whoever labels has had enough."""


def label_here(settings: Settings, store: Store, who: str) -> None:
    """Ask for each drawn post that is not labelled yet; each is stored before the next is shown.

    May be left and taken up again at any time; an answer in the middle of a post is then asked again.
    """
    from monitor.cli.keys import single_keys
    from monitor.clock import wall_clock
    from monitor.store.corrections import Correction, Fate

    if not sys.stdin.isatty():
        raise click.ClickException("this needs a terminal; fill in a file instead:  monitor sample --rest --out FILE")
    posts = store.samples.unlabelled()
    if not posts:
        click.echo("Nothing is left to be labelled. Draw posts with:  monitor sample --size 50")
        return
    done = 0
    try:
        with single_keys() as key:
            for number, post in enumerate(posts, start=1):
                _show(post, number, len(posts), settings)
                labels = _ask(settings.type_names, key)
                if labels is not None:
                    one = Correction(post_id=post.post_id, labels=labels, drawn=True)
                    fate = store.corrections.add([one], who=who, now=wall_clock())[0].fate
                    done += fate in (Fate.STORED, Fate.KNOWN)
                    if fate not in (Fate.STORED, Fate.KNOWN):
                        click.echo(f"  not stored: {fate.value}", err=True)
    except (_Quit, KeyboardInterrupt, EOFError):
        click.echo("")
    click.echo(f"{done} labelled, {len(store.samples.unlabelled())} left.")


def _show(post: SampledPost, number: int, total: int, settings: Settings) -> None:
    from alerts.sanitize import for_terminal

    click.echo(
        f"\n{number} of {total}  ·  {post.platform}, {local(post.published_at, settings)}  {plain(post.url or '')}"
    )
    click.secho("  " + for_terminal(post.text).replace("\n", "\n  "), bold=True)


def _ask(types: Mapping[str, str], key_of: Key) -> Labels | None:
    """The labels of one post; None: skipped."""
    from monitor.cli.interview import Answers, answered, question

    answers = Answers()
    while (asked := question(answers, types)) is not None:
        _put(asked)
        while True:
            key = key_of()
            if key == QUIT:
                raise _Quit
            if key == SKIP:
                click.echo("skipped")
                return None
            if key == BACK:
                click.echo("from the beginning")
                answers = Answers()
                break
            after = answered(answers, asked, key, types)
            if after is not None:
                click.echo(asked.keys.get(key.lower(), "-") if key not in "\r\n" else "-")
                answers = after
                break
    return answers.labels


def _put(asked: Question) -> None:
    from monitor.cli.interview import DONE

    keys = [f"{'Enter' if key == DONE else key} {plain(meaning)}" for key, meaning in asked.keys.items()]
    between = "\n    " if len(keys) > _ON_ONE_LINE else "   "
    click.echo(f"  {asked.words}{between}{between.join(keys)}")
    click.echo("  (b begin this post anew, s skip, q quit) > ", nl=False)


_ON_ONE_LINE = 6  # answers; more stand one below the other
