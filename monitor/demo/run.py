"""The demo: two weeks of invented posts through the whole real pipeline, with the clock at the posts' time."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from config.load import load
from config.settings import Settings
from monitor import logs
from monitor.clock import SetClock
from monitor.demo import index
from monitor.demo.capture import Captured, capturing
from monitor.demo.posts import write_posts
from monitor.demo.reveal import Reveal
from monitor.demo.settings import MARK, SLACK_TOKEN, WEBHOOK_SECRET, settings_text
from monitor.demo.timeline import ZONE, weeks
from monitor.digest import make
from monitor.digest.period import Week, last_closed
from monitor.pipeline.collect import Collect
from monitor.store.engine import Store, open_store
from monitor.wiring import House

LAST_DAY = date(2026, 11, 15)  # a Sunday; fixed, so that every demo is the same
STEP = timedelta(hours=1)  # how far the clock goes between two looks at what is due
CONFIG = "monitor.toml"


class Played(NamedTuple):
    """What the demo did."""

    posts: dict[str, int]
    cases: int
    captured: Captured
    files: list[Path]


def play(out: Path) -> None:
    """Play the demo into a folder, which is emptied if an earlier demo wrote it; print what to look at.

    Raises:
        click.ClickException: the folder holds something that is not a demo's.
    """
    make_empty(out)
    logs.set_up("console", level="warning")
    os.environ.setdefault(SLACK_TOKEN, f"xoxb-demo-{secrets.token_hex(8)}")
    os.environ.setdefault(WEBHOOK_SECRET, secrets.token_hex(16))
    with ExitStack() as stack:
        captured = stack.enter_context(capturing(out / "messages"))
        full = write_posts(out / "posts", end=LAST_DAY)
        text = settings_text(
            out / "inbox",
            slack_port=captured.slack_port,
            smtp_port=captured.smtp_port,
            webhook_port=captured.webhook_port,
        )
        _write_settings(out, text)
        reveal = Reveal(full, out / "inbox", end=LAST_DAY)
        settings = load(out / CONFIG)
        store = open_store(settings.database)
        stack.callback(store.close)
        _pass_the_time(House(settings, store, _clock(), Random(7)), reveal)  # noqa: S311 - jitter, the same in every demo
        played = _report(out, settings, store, captured)
    _say(out, played)


def _clock() -> SetClock:
    first, _ = weeks(LAST_DAY)
    # The first look is at the very beginning of the first week.
    return SetClock(datetime.combine(first, time(), ZONE).astimezone(UTC) - STEP)


def _pass_the_time(house: House, reveal: Reveal) -> None:
    """From the first Monday to the Monday after the second week, when its digest is sent."""
    clock = house.clock
    if not isinstance(clock, SetClock):
        raise TypeError("the demo needs a clock that can be set")
    end = datetime.combine(LAST_DAY + timedelta(days=1), time(10), ZONE).astimezone(UTC)
    destinations = house.destinations()
    collectors = house.collectors(destinations)
    score, decide = house.score(house.classifier(), destinations), house.decide(destinations)
    deliver, tend, digest = house.deliver(destinations), house.tend(destinations), house.digest()
    batches: list[Callable[[], int]] = [
        score.batch,
        decide.batch,
        tend.batch,
        digest.batch,
        *(worker.batch for worker in deliver),
    ]
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("two invented weeks", total=(end - clock()) // STEP)
        while clock() < end:
            clock.advance(STEP)
            reveal.until(clock())
            for source in collectors:
                _read(source)
            while sum(batch() for batch in batches):
                pass
            bar.update(task, advance=1, description=f"{clock().astimezone(ZONE):%a %d %b %H:%M}")


def _read(collect: Collect) -> None:
    more = True
    while more:
        _, more = collect.piece()


def _report(out: Path, settings: Settings, store: Store, captured: Captured) -> Played:
    now = datetime.combine(LAST_DAY + timedelta(days=1), time(10), ZONE).astimezone(UTC)
    week = last_closed(now, settings.zone)
    files = []
    for one in (week.back(1), week):
        files += make.preview(store, settings, one, now, out / f"digest-{one}")
    rows = store.cases.listing(frozenset(index.ALL), limit=100_000)
    page = out / "index.html"
    page.write_text(index.page(settings, week, captured, rows, rejects=_rejects(store, settings)), encoding="utf-8")
    posts = {state.value: count for state, count in store.posts.backlog().items()}
    return Played(posts, len(rows), captured, [page, *files])


def _rejects(store: Store, settings: Settings) -> list[str]:
    return [
        f"{one.place}: {one.reason}" for source in settings.sources for one in store.sources.rejects(source.name, 20)
    ]


def make_empty(out: Path) -> None:
    """Make an empty folder that is marked as a demo's, so that one that is interrupted is known for what it is.

    Raises:
        click.ClickException: the folder holds something that is not a demo's.
    """
    if out.exists() and any(out.iterdir()) and not _is_demo(out):
        raise click.ClickException(f"{out} is not empty and holds no earlier demo; name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    _write_settings(out, MARK)
    for entry in out.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != CONFIG:
            entry.unlink()


def _is_demo(out: Path) -> bool:
    try:
        return (out / CONFIG).read_text("utf-8").startswith(MARK)
    except (OSError, UnicodeDecodeError):
        return False


def _write_settings(out: Path, text: str) -> None:
    """Whole or not at all: a folder without its mark would be nobody's."""
    coming = out / f"{CONFIG}.part"
    coming.write_text(text, encoding="utf-8")
    coming.replace(out / CONFIG)


def program() -> str:
    """How this program is called from where it was called: its name where the shell finds it, else its path."""
    called = Path(sys.argv[0])
    if called.stem != "monitor":  # python -m monitor, or another program that plays the demo
        return f"{shlex.quote(_near(Path(sys.executable)))} -m monitor"
    found = shutil.which("monitor")
    if found is not None and Path(found).resolve() == called.resolve():
        return "monitor"
    return shlex.quote(_near(called))


def _near(path: Path) -> str:
    """The path as it is shortest: from the folder that one is in, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _say(out: Path, played: Played) -> None:
    captured = played.captured
    mails = Counter(index.addressee(mail) for mail in captured.mails)
    click.echo("\n" + "=" * 100)
    click.echo("All of this is invented: the company, its customers, and every post.")
    click.echo(
        f"{sum(played.posts.values())} posts kept, {played.cases} cases, {len(captured.slack)} Slack messages, "
        f"{len(captured.webhooks)} webhook calls, {len(captured.mails)} mails ("
        + ", ".join(f"{count} to {who}" for who, count in mails.most_common())
        + ")."
    )
    week = Week.of(datetime.combine(LAST_DAY, time(12), ZONE), ZONE)
    click.echo("\nLook at:")
    for path, what in (
        (out / "index.html", "everything that was told, in order, as the team would see it"),
        (out / f"digest-{week}" / "digest.html", "what the director gets on Monday morning"),
        (out / "messages", "every message exactly as Slack, the mail server and the webhook got it"),
        (out / CONFIG, "the configuration behind it"),
    ):
        click.echo(f"  {path!s:40} {what}")
    click.echo("\nGo on with:")
    monitor = program()
    here = f"{monitor} -c {shlex.quote(str(out / CONFIG))}"
    for command, what in (
        (f"{here} cases list", "the cases that still wait"),
        (f"{here} cases show 1", "one case with its whole story"),
        (f'{monitor} score "Third time my train is late, never again!"', "ask the judge yourself"),
        (f'{monitor} init --company "Your company"', "start with your own"),
    ):
        click.echo(f"  {command}\n      {what}")
