"""Who says what, where and when in the two invented weeks; the same for the same last day and seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from config.vocabulary import Platform
from monitor.demo.clauses import WORDS
from monitor.demo.phrases import ANSWERS, FIELD, FIRST_NAMES, FOLLOW_UPS
from monitor.demo.singular import NEWS, SINGULAR
from monitor.demo.wording import Deck, composed, entitled, tone

ZONE = ZoneInfo("Europe/Berlin")
SEED = 20_261_121
OWN = {Platform.X: "LarkspoonRail", Platform.REDDIT: "larkspoon_rail", Platform.BLUESKY: "larkspoonrail.example"}

# Posts by subject in the first and in the second week. On its Monday the second brings a price change: billing.
PLAN: dict[str, tuple[int, int]] = {
    "delay": (18, 20), "billing": (6, 36), "lost_or_damaged": (7, 6), "technical": (7, 8), "staff": (6, 6),
    "support": (8, 11), "quality": (7, 7), "ordering": (6, 7), "policy": (4, 8), "safety": (2, 3),
    "praise": (22, 18), "question": (16, 17), "sarcasm": (6, 9), "remark": (10, 8), "elsewhere": (4, 4),
}  # fmt: skip
SPIKE_DAY = 3  # of the second week, from Monday = 0: the signal fault
SPIKE_POSTS = 32
HOURS = (6, 7, 7, 7, 8, 8, 8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 17, 17, 17, 18, 18, 19, 20, 21)  # commuters
PLACES = (Platform.X,) * 11 + (Platform.REDDIT,) * 4 + (Platform.BLUESKY,) * 3 + (Platform.APP_STORE,) * 2
NOT_REVIEWS = frozenset({"question", "remark", "elsewhere", "spike"})  # nobody rates these with stars

# The company's own team: which share of complaints it answers, and after how many minutes (least, most).
ANSWERED = ((0.62, 8, 95), (0.42, 60, 480))
THANKED = 0.3  # share of praise that is thanked for
FOLLOWED_UP = 0.16  # share of complaints whose author posts again


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPost:
    """One invented post."""

    platform: Platform
    id: str
    at: datetime  # UTC, whole seconds
    author: str
    text: str
    followers: int
    thread: str  # id of the post that began the conversation; its own for that post
    subject: str = ""  # what the author meant, known here alone: the files do not say it
    title: str = ""
    language: str = "en"
    rating: int | None = None


def weeks(end: date) -> tuple[date, date]:
    """The Mondays of the two last ISO weeks that are over at the end of the day `end`."""
    second = end - timedelta(days=end.isoweekday() % 7 + 6)
    return second - timedelta(days=7), second


def fortnight(end: date, *, seed: int = SEED) -> list[DemoPost]:
    """The posts of the two weeks, in order of time. No two from the plan have the same text."""
    story = _Story(Random(seed), weeks(end))  # noqa: S311 - seeded: the demo is the same each time
    for week in (0, 1):
        for subject, counts in PLAN.items():
            for _ in range(counts[week]):
                story.tell(subject, week, story.moment(week, story.rng.randrange(7)))
    for _ in range(SPIKE_POSTS):
        story.tell("spike", 1, story.moment(1, SPIKE_DAY, hours=(6, 7, 7, 8, 8, 9)))
    story.tell_singular()
    story.repost(3)
    return sorted(story.posts, key=lambda post: (post.at, post.id))


class _Story:
    """The weeks as they fill."""

    def __init__(self, rng: Random, mondays: tuple[date, date]) -> None:
        self.rng = rng
        self.deck = Deck(rng)
        self.mondays = mondays
        self.posts: list[DemoPost] = []
        self.said: set[str] = set()
        self.over = datetime.combine(mondays[1] + timedelta(days=7), time(), ZONE).astimezone(UTC)

    def moment(self, week: int, day: int, hours: tuple[int, ...] = HOURS) -> datetime:
        """A time of that day at which people post."""
        clock = time(self.rng.choice(hours), self.rng.randrange(60), self.rng.randrange(60))
        return datetime.combine(self.mondays[week] + timedelta(days=day), clock, ZONE).astimezone(UTC)

    def tell(self, subject: str, week: int, at: datetime) -> None:
        """Add a post on the subject, perhaps with the company's answer and a further post of the customer."""
        platform = self.rng.choice(PLACES)
        while platform is Platform.APP_STORE and subject in NOT_REVIEWS:
            platform = self.rng.choice(PLACES)
        text = composed(subject, platform, self.deck)
        while text in self.said:
            text = composed(subject, platform, self.deck)
        post = self._add(platform, at, self._author(platform), text, subject=subject)
        if platform not in OWN or tone(subject) == "plain":
            return
        share, least, most = ANSWERED[week]
        if subject == "praise":
            share = THANKED
        if self.rng.random() < share:
            self._answer(post, timedelta(minutes=self.rng.randint(least, most)))
        if subject != "praise" and self.rng.random() < FOLLOWED_UP:
            again = self.deck.deal(FOLLOW_UPS)
            self._reply(post, post.author, again, timedelta(minutes=self.rng.randint(60, 1200)), subject=subject)

    def tell_singular(self) -> None:
        """Add the posts that are written out word for word."""
        for post in SINGULAR:
            at = self.moment(1, self.rng.randrange(7))
            self._add(post.platform, at, post.author, post.text, followers=post.followers, language=post.language)
        for article in NEWS:
            at = self.moment(article.day // 7, article.day % 7, hours=(9, 10, 11))
            self._add(Platform.FEED, at, article.paper, article.text, title=article.title, followers=0)

    def repost(self, count: int) -> None:
        """Let others repeat what was said on X, word for word."""
        said = [p for p in self.posts if p.platform is Platform.X and p.subject and tone(p.subject) == "complaint"]
        for post in self.rng.sample(said, count):
            at = post.at + timedelta(minutes=self.rng.randint(3, 50))
            self._add(Platform.X, at, self._author(Platform.X), f"RT @{post.author}: {post.text}")

    def _author(self, platform: Platform) -> str:
        name = f"demo_{self.rng.choice(FIRST_NAMES)}_{self.rng.randrange(1000):03d}"
        return name.replace("_", "-") + ".example" if platform is Platform.BLUESKY else name

    def _answer(self, post: DemoPost, after: timedelta) -> None:
        answer = self.deck.deal(ANSWERS[FIELD[post.subject]])
        text = f"@{post.author} {answer} ^{self.rng.choice(WORDS['staff'])}"
        self._reply(post, OWN[post.platform], text, after)

    def _reply(self, post: DemoPost, author: str, text: str, after: timedelta, *, subject: str = "") -> None:
        if post.at + after < self.over:
            self._add(post.platform, post.at + after, author, text, thread=post.thread, subject=subject)

    def _add(
        self, platform: Platform, at: datetime, author: str, text: str, *, subject: str = "", thread: str = "",
        title: str = "", followers: int | None = None, language: str = "en",
    ) -> DemoPost:  # fmt: skip
        number = 7_000_000 + len(self.posts)
        forms = {Platform.REDDIT: f"t3_demo{number}", Platform.BLUESKY: f"at://did:example:demo/{number}"}
        native = forms.get(platform, str(number))
        if platform in (Platform.REDDIT, Platform.APP_STORE) and not thread and subject not in ("", "elsewhere"):
            title = entitled(subject, self.rng)
        post = DemoPost(
            platform=platform, id=native, at=at, author=author, text=text, subject=subject, title=title,
            thread=thread or native, language=language,
            followers=self._followers(author) if followers is None else followers,
            rating=self._rating(subject) if platform is Platform.APP_STORE else None,
        )  # fmt: skip
        self.posts.append(post)
        self.said.add(text)
        return post

    def _followers(self, author: str) -> int:
        return 21_400 if author in OWN.values() else int(self.rng.lognormvariate(5, 1.3))

    def _rating(self, subject: str) -> int:
        stars = {"complaint": (1, 1, 1, 2, 2, 3), "praise": (5, 5, 4), "plain": (3, 4)}
        return self.rng.choice(stars[tone(subject)])
