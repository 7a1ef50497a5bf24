"""Minimum functionality: what a complaint is about. Each type in plain words; the type is among those given."""

from __future__ import annotations

from collections.abc import Mapping

from classifiers.behaviour.cases import BehaviourTest, Reading, expects

TYPES: Mapping[str, tuple[str, ...]] = {
    "quality": (
        "@acme the zip of my new jacket broke on the first day",
        "the Quillmark sofa is so badly made that a leg fell off",
        "the soup at Harrowgate was watery and tasteless",
        "the battery of my Acme phone lasts two hours, such poor quality",
        "these Wobblefern tomatoes taste of nothing",
        "the picture on this Acme screen is blurry, very disappointing product",
        "@northwick the seats are so uncomfortable that my back hurts",
    ),
    "delay": (
        "@northwick the 6:52 is forty minutes late again",
        "@acme my order should have been here last Friday",
        "Zentrova cancelled my flight and the next one is tomorrow",
        "an hour in line at the Harrowgate restaurant, just to be seated",
        "@quillmark two weeks and the coat still has not shipped",
        "the Brightloop engineer was due at nine and it is now four",
        "@zentrova stuck at the gate for three hours, what is going on",
    ),
    "lost_or_damaged": (
        "@zentrova my suitcase never came out on the belt",
        "my Acme parcel arrived crushed and everything inside is in pieces",
        "@quillmark you sent me the wrong dress",
        "two of the five items are missing from my Wobblefern box",
        "the courier says delivered but there is no parcel, @acme",
        "@zentrova you broke the wheel of my bag and tore the handle off",
        "@acme received somebody else's order instead of mine",
    ),
    "billing": (
        "@brightloop you have charged me twice this month",
        "@acme where is my refund? it has been six weeks",
        "thirty pounds for a change of name, Zentrova, that is robbery",
        "@harrowgate the bill has a fee on it that nobody mentioned",
        "Quillmark won't honour the discount code from its own newsletter",
        "@brightloop my bill went from 30 to 55 without any notice",
        "@northwick fare up again, it is a rip-off",
    ),
    "ordering": (
        "@acme everything I want is out of stock, every single week",
        "@zentrova I cannot change my booking, the site only says call us",
        "impossible to get a table at Harrowgate, the booking line is closed",
        "@northwick my loyalty points have vanished from my account",
        "@zentrova we booked seats together and you have split up the family",
        "@quillmark you accepted my order and now say it is not available",
        "@acme trying to cancel an order and there is no way to do it",
    ),
    "technical": (
        "@acme your app crashes as soon as I open it",
        "@brightloop the internet has been down since this morning",
        "can't log in to my Zentrova account, error 500 again",
        "@quillmark the payment page freezes every time",
        "the Northwick website is down just when I need a ticket",
        "since the update the Acme app keeps logging me out",
        "@brightloop no signal in the whole town, is there an outage?",
    ),
    "staff": (
        "@harrowgate your receptionist was rude and rolled her eyes at us",
        "the conductor on the Northwick train yelled at an old man",
        "@acme the guy at the counter was so unprofessional",
        "@zentrova your cabin crew ignored us and laughed when we complained",
        "the Quillmark shop assistant followed me around and was very impolite",
        "your delivery driver swore at me, @wobblefern",
        "@brightloop the technician was incompetent and arrogant",
    ),
    "support": (
        "@acme five emails and not one answer",
        "@brightloop on hold for ninety minutes and then cut off",
        "@zentrova nobody picks up the phone, nobody answers messages",
        "@quillmark you keep passing me from one department to the next",
        "@northwick you promised to call me back a week ago",
        "Acme customer service is a black hole, my ticket has been open for a month",
        "@harrowgate is anyone reading these messages? still no response",
    ),
    "policy": (
        "@acme stop sending me spam, I unsubscribed three times",
        "shame on Quillmark for testing on animals",
        "@wobblefern why is everything wrapped in so much plastic, do you not care about the planet",
        "your new advert is sexist and offensive, @acme",
        "@brightloop calling me every evening to sell me something is harassment marketing, stop it",
        "@northwick it is wrong that disabled passengers must book a day ahead",
        "Acme pays its workers next to nothing and its boss millions, disgraceful",
    ),
    "safety": (
        "@acme your heater started to smoke and nearly set the curtains on fire",
        "I found glass in my Wobblefern yoghurt",
        "@brightloop somebody used my card after I paid on your site, my data was stolen",
        "we all got food poisoning at Harrowgate",
        "@northwick the doors opened while the train was still moving",
        "@zentrova your website shows me other passengers' passport numbers",
        "@acme my solicitor will be in touch about the injury your ladder caused",
    ),
    "other": (
        "@acme you are the worst company in the world",
        "Brightloop sucks",
        "@zentrova I hate you",
        "so disappointed in you, @northwick",
        "Quillmark is a disgrace",
        "@harrowgate never been so let down",
        "Acme, you had one job",
    ),
}


def _gives(kind: str) -> Reading:
    return lambda verdict: verdict.complaint and kind in verdict.types


def tests() -> tuple[BehaviourTest, ...]:
    """One test for each type."""
    return tuple(
        expects(f"type {kind}", f"A plain complaint of the type `{kind}` is given it.", texts, _gives(kind))
        for kind, texts in TYPES.items()
    )
