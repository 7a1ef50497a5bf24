"""Posts to try words on: stored ones, those of a file, or what a source brings next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import opened, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collectors.base import Post
    from collectors.preview import Looked
    from config.settings import Settings
    from monitor.store.engine import Store
    from monitor.store.values import StoredPost


@dataclass(frozen=True, slots=True)
class LookedAt:
    """The posts, and where they are from."""

    posts: Sequence[Looked]
    where: str
    stored: bool = False


def stored(path: str, limit: int) -> LookedAt:
    """The posts stored last."""
    with opened(path) as (_settings, store):
        return LookedAt(_stored(store, limit), "the stored posts", stored=True)


def stored_if_any(settings: Settings, limit: int) -> Sequence[Looked]:
    """The posts stored last; none where there is no database yet, and none is made."""
    from monitor.store.engine import SchemaMismatch, StoreUnusable, is_to_be_made, open_as_it_is

    if limit <= 0 or is_to_be_made(settings.database):
        return ()
    try:
        store = open_as_it_is(settings.database)
    except (StoreUnusable, SchemaMismatch) as error:
        click.echo(f"stored posts are not looked at: {plain(str(error))}", err=True)
        return ()
    try:
        return _stored(store, limit)
    finally:
        store.close()


def in_file(settings: Settings, file: str, columns: Sequence[str]) -> LookedAt:
    """All posts of a file; `columns` as for `monitor import`."""
    from collectors.base import SourceError
    from collectors.files import FilesCollector
    from collectors.preview import Looked
    from monitor.cli.importing import source_of
    from monitor.clock import wall_clock

    given = dict.fromkeys(("source", "brand", "platform", "encoding", "delimiter"))
    source = source_of(settings, file, {**given, "time_zone": settings.time_zone, "columns": columns})
    collector = FilesCollector(source, clock=wall_clock)
    looked, bad = list[Looked](), 0
    cursor: str | None = None
    more = True
    try:
        while more:
            harvest = collector.collect(cursor)
            looked += [Looked("(file)", post) for post in harvest.posts]
            bad += len(harvest.rejects)
            cursor, more = harvest.cursor, harvest.more
            _tell(harvest.notes)
    except SourceError as error:
        raise click.ClickException(plain(str(error))) from None
    if bad:
        click.echo(f"  {bad} bad row{'s' if bad != 1 else ''} left out; monitor import names them", err=True)
    return LookedAt(looked, plain(file))


def fetched(path: str, name: str) -> LookedAt:
    """What one call of a source brings as if it were its first; what it costs is written down, nothing else is kept."""
    from collectors import registry
    from collectors.base import SourceError
    from collectors.preview import Looked
    from monitor.clock import wall_clock
    from monitor.store.ledger import SourcePurse
    from monitor.wiring import user_agent

    with opened(path) as (settings, store):
        source = next((one for one in settings.sources if one.name == name), None)
        if source is None:
            raise click.ClickException(f'no source is named "{plain(name)}"')
        purse = SourcePurse(store.ledger, name)
        collector = registry.build(
            source, clock=wall_clock, user_agent=user_agent(), purse=purse, brands=settings.brands
        )
        try:
            harvest = collector.collect(None)
        except SourceError as error:
            store.ledger.note(name, error.spent)
            raise click.ClickException(f"{plain(name)}: {plain(str(error))}") from None
        store.ledger.note(name, harvest.spent)
    _tell(harvest.notes)
    return LookedAt([Looked(name, post) for post in harvest.posts], f"one call of {plain(name)}")


def _tell(notes: Sequence[str]) -> None:
    for note in notes:
        click.echo(f"  {plain(note)}", err=True)


def _stored(store: Store, limit: int) -> Sequence[Looked]:
    from collectors.preview import Looked

    return [Looked(one.source, _as_post(one)) for one in store.latest.posts(limit)]


def _as_post(one: StoredPost) -> Post:
    from collectors.base import Post

    return Post(
        platform=one.platform,
        native_id=one.native_id,
        text=one.text,
        title=one.title,
        published_at=one.published_at,
        author_handle=one.author_handle,
        url=one.url,
    )
