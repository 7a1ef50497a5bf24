"""Posts of the invented fortnight that are written word for word: the hard ones, and what the papers say."""

from __future__ import annotations

from typing import NamedTuple

from config.vocabulary import Platform


class Singular(NamedTuple):
    """A post that shows that one hard thing is survived."""

    platform: Platform
    author: str
    followers: int
    language: str
    text: str


class Headline(NamedTuple):
    """An article in the news, on a day counted from the first Monday."""

    day: int
    paper: str
    title: str
    text: str


SINGULAR: tuple[Singular, ...] = (
    Singular(Platform.X, "demo_markup", 12, "en",
             "<!channel> <@U00000000> @LarkspoonRail *bold* `code` my refund is missing since Monday, "
             "<https://evil.example|click here>"),
    Singular(Platform.X, "demo_html", 3, "en",
             "@LarkspoonRail <script>alert('late')</script><b>Cancelled again</b> & nobody says why "
             "<img src=x onerror=alert(1)>"),
    Singular(Platform.X, "demo_formula", 8, "en",
             '=HYPERLINK("https://evil.example","refund") this is what Larkspoon Rail sends me instead of my money, '
             "useless"),
    Singular(Platform.X, "demo_bidi", 5, "en",
             "Larkspoon \u202eliar\u202c turned my ticket round and charged 62 euros twice, this is theft"),
    Singular(Platform.BLUESKY, "demo-emoji.example", 41, "en",
             "Larkspoon Rail delayed again " + "😡" * 60 + " 👩🏽‍🚒👨‍👩‍👧‍👦🏳️‍🌈"),
    Singular(Platform.BLUESKY, "demo-lineas.example", 230, "es",
             "El tren de Larkspoon a Brackwater llega tarde otra vez y nadie contesta. Una vergüenza, quiero que me "
             "devuelvan el dinero."),
    Singular(Platform.X, "demo_gleis", 77, "de",
             "Schon wieder fällt bei Larkspoon Rail der Zug nach Oldmere aus und niemand sagt uns, wie wir heimkommen "
             "sollen."),
    Singular(Platform.X, "demo_loud_voice", 48_200, "en",
             "Dear @LarkspoonRail, I booked a wheelchair space, got none, and was left on the platform at Dunwhistle. "
             "I will write about this in my column."),
    Singular(Platform.REDDIT, "demo_legal", 310, "en",
             "Larkspoon mailed me the medical assistance form of another passenger, with her diagnosis. My lawyer "
             "will be in touch about the data leak."),
)  # fmt: skip

NEWS: tuple[Headline, ...] = (
    Headline(1, "demo-mere-courier.example", "Larkspoon Rail to reopen the Felsham North stop in spring",
             "The district council and Larkspoon Rail have agreed on four trains a day."),
    Headline(3, "demo-quay-gazette.example", "Larkspoon Rail orders six electric trains for the Coast Line",
             "The first of them is to run next year."),
    Headline(4, "demo-mere-courier.example", "Fares up nine percent at Larkspoon Rail from Monday",
             "A seat fee comes on top. The company speaks of rising costs."),
    Headline(7, "demo-quay-gazette.example", "New fares at Larkspoon Rail in force",
             "Since this morning passengers pay a fee for their seat."),
    Headline(8, "demo-tansy-post.example", "Passengers ask Larkspoon Rail for clearer refund rules",
             "A group in Upper Tansy has gathered a thousand names."),
    Headline(10, "demo-quay-gazette.example", "Signal fault at Pennisle Junction halts Larkspoon Rail",
             "Thousands of commuters were stuck for half a day."),
    Headline(11, "demo-mere-courier.example", "After the fault: Larkspoon Rail runs to plan again",
             "The cause was a cable, says the company."),
)  # fmt: skip
