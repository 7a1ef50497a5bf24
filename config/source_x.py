"""X (formerly Twitter) as a source: what is asked of its recent search, and what that may cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints, model_validator

from config.durations import Duration
from config.languages import LanguageCode
from config.secret import HttpUrl, Secret
from config.source import CommonSource, Limit
from config.strict import Strict

MICROS = 1_000_000  # of a unit of money, the finest step of a price
SMALLEST_PAGE = 10  # posts: X's lowest max_results
READS_A_POST = 3  # a found post, the one it answers and the one it quotes: so many posts, and authors, at most
WINDOW = timedelta(days=7)  # how far back X's recent search reaches


def _exact(value: Decimal) -> Decimal:
    if value * MICROS != int(value * MICROS):
        raise ValueError("must have at most six decimals")
    return value


Money = Annotated[Decimal, Field(ge=0, le=1_000_000), AfterValidator(_exact), PlainSerializer(float)]


def micros(value: Decimal) -> int:
    """An amount of money in millionths, exact."""
    return int(value * MICROS)


def _within_window(since: timedelta) -> timedelta:
    if since > WINDOW:
        raise ValueError("must be 7d or shorter: X's search shows no older posts")
    return since


def _sound(query: str) -> str:
    """Refuse what X would refuse; what it means is not looked at."""
    if query.count('"') % 2:
        raise ValueError("has a quotation mark without its partner")
    bare = "".join(query.split('"')[::2])  # what stands outside quotation marks
    if bare.count("(") != bare.count(")"):
        raise ValueError("has a bracket without its partner")
    if "-(" in bare:
        raise ValueError("negates a group, which X reads in its own way: negate each term instead")
    return query


Term = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Query = Annotated[str, StringConstraints(min_length=1), AfterValidator(_sound)]
Handle = Annotated[str, StringConstraints(pattern=r"^@?[A-Za-z0-9_]{1,15}$")]


class XBudget(Strict):
    """What may be spent; days and months are counted in UTC, as X does."""

    daily: Money = Decimal(5)
    monthly: Money = Decimal(100)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    soft_share: Annotated[float, Field(gt=0, le=1)] = 0.8  # from then on, only the newest posts are read

    @model_validator(mode="after")
    def _day_within_month(self) -> Self:
        if self.daily > self.monthly:
            raise ValueError("daily must not be more than monthly")
        return self


class XSource(CommonSource):
    """Posts on X, by its recent search; paid for by the post and the author read."""

    kind: Literal["x"] = "x"
    bearer_token: Secret
    queries: tuple[Query, ...] = ()  # in X's own language, asked as they stand
    terms: tuple[Term, ...] = ()  # or: words, "phrases", @names, #tags, url:domains; neither: the brands' aliases
    excluded_accounts: tuple[Handle, ...] = ()  # with terms: whose posts are not read
    languages: tuple[LanguageCode, ...] = ()  # with terms: () = every language
    reposts: bool = False  # with terms: whether mere reposts are read, and paid for
    since: Annotated[Duration, AfterValidator(_within_window)] = timedelta(days=1)  # how far back the first run reads
    query_length: Annotated[int, Field(ge=256, le=4096)] = 512  # characters that X allows this account
    price_post_read: Money = Decimal("0.005")
    price_user_read: Money = Decimal("0.010")
    budget: XBudget = XBudget()
    # X's rules want deleted posts to go, and looking whether a post is still there costs as much as reading it.
    keep_text_for: Duration | None = timedelta(days=30)
    base_url: HttpUrl = "https://api.twitter.com"
    allow_private_address: bool = False

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.queries and self.terms:
            raise ValueError("give either queries, in X's own language, or terms; neither: the brands' aliases")
        for query in self.queries:
            if len(query) > self.query_length:
                raise ValueError(f"a query has {len(query)} characters, more than query_length = {self.query_length}")
        if len(set(self.queries)) < len(self.queries):
            raise ValueError("the same query stands there twice")
        if self.queries and (self.excluded_accounts or self.languages or self.reposts):
            raise ValueError("excluded_accounts, languages and reposts go with terms; write them into the queries")
        return self

    @model_validator(mode="after")
    def _can_pay_a_page(self) -> Self:
        page = SMALLEST_PAGE * READS_A_POST * (self.price_post_read + self.price_user_read)
        if self.budget.daily < page:
            raise ValueError(f"budget.daily must be at least {page}: what the smallest page may cost")
        return self

    def limits(self) -> tuple[Limit, ...]:
        """The budget of the day and of the month."""
        unit, soft = self.budget.currency, self.budget.soft_share
        return (
            Limit(period="day", amount=micros(self.budget.daily), unit=unit, soft_share=soft),
            Limit(period="month", amount=micros(self.budget.monthly), unit=unit, soft_share=soft),
        )
