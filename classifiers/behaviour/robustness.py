"""Robustness: very long posts, quoted text, posts without a word."""

from __future__ import annotations

from itertools import cycle, islice

from classifiers.behaviour.cases import BehaviourTest, Kind, expects
from classifiers.behaviour.forms import is_bad
from classifiers.behaviour.minimum import complains

LONG = 1_050  # words of a very long post

_FILLER = (
    "We took the early train and changed once.",
    "The weather was mild and the fields were green.",
    "After lunch we walked along the river to the old mill.",
    "The museum has three floors and a small garden.",
    "I bought a map and a bottle of water at the corner shop.",
    "In the evening we read and went to bed at ten.",
    "The next day began with toast and tea.",
    "There are two bridges, one for cars and one for people on foot.",
)
_GRIEVANCES = (
    "Acme charged me twice, refuses the refund and nobody answers my emails. I am furious.",
    "The Zentrova crew were rude, the flight was five hours late and my suitcase is lost. Terrible.",
    "Brightloop has left us without internet for three weeks, the worst service I have ever had.",
    "The Harrowgate kitchen served raw chicken and we were sick all night. Disgusting.",
    "My Quillmark boots fell apart in a week and the shop laughed at me. Never again.",
    "The Northwick app crashes every time I try to pay and support just hangs up. Useless.",
)
QUOTED = (
    'Acme says "your satisfaction is our priority". My boiler has been cold for nine days.',
    '"we will call you back within 24 hours" said Brightloop a month ago. Still waiting.',
    "> Thank you for your lovely message!\nI sent a complaint, @quillmark, not a lovely message. Read it.",
    "RT @zentrova: We wish you a pleasant trip! <- from the floor of gate B2, six hours late",
    '"excellent quality" it says on the box. It broke on the first day, Acme.',
    'the Harrowgate menu says "freshly made". It came out of a packet and was cold inside.',
    'Northwick: "a good service on all lines". I have stood here for 50 minutes. Liars.',
    '"delivered, signed by customer" - I signed nothing and have nothing, @wobblefern',
)
WORDLESS = (
    "",
    " ",
    "\n\t\n",
    "...",
    "!!!",
    "???",
    "@acme",
    "@acme @brightloop",
    "https://example.com/x",
    "@acme https://example.com/x",
    "12345",
    "12:30",
    "£20",
    "-",
    "#",
    "&amp;",
    "\u200b\u200b",
    "*** --- ***",
    "@acme !!! 100%",
    "\x00\x00",
)


def _long(grievance: str, share: float) -> str:
    """The grievance after `share` of a long account of nothing."""
    sentences: list[str] = []
    count = 0
    for sentence in cycle(_FILLER):
        sentences.append(sentence)
        count += len(sentence.split())
        if count >= LONG:
            break
    place = round(share * len(sentences))
    return " ".join([*islice(sentences, place), grievance, *sentences[place:]])


def tests() -> tuple[BehaviourTest, ...]:
    """Every test of this file."""
    long = [
        expects(
            f"complaint at the {name} of a long post",
            f"A complaint at the {name} of {LONG:,} words is found.",
            [_long(grievance, share) for grievance in _GRIEVANCES],
            complains,
            Kind.ROBUSTNESS,
        )
        for name, share in (("start", 0.0), ("middle", 0.5), ("end", 1.0))
    ]
    quiet = expects(
        "long post about nothing",
        "The same account without a grievance is no complaint.",
        [_long(sentence, 0.5) for sentence in _FILLER[:4]],
        lambda verdict: verdict.judged and not verdict.complaint,
        Kind.ROBUSTNESS,
    )
    quoted = expects(
        "quoted friendliness", "Friendly words in quotation do not hide a complaint.", QUOTED, is_bad, Kind.ROBUSTNESS
    )
    wordless = expects(
        "no words", "A post without a word is not judged.", WORDLESS, lambda v: not v.judged, Kind.ROBUSTNESS
    )
    return (*long, quiet, quoted, wordless)
