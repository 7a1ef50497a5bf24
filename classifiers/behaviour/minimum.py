"""Minimum functionality: plain complaints, praise, neutral posts, questions, negation and change of mind."""

from __future__ import annotations

from classifiers.base import Verdict
from classifiers.behaviour.cases import BehaviourTest, expects
from config.vocabulary import Sentiment


def is_negative(verdict: Verdict) -> bool:
    """Judged negative."""
    return verdict.judged and verdict.sentiment is Sentiment.NEGATIVE


def is_positive(verdict: Verdict) -> bool:
    """Judged positive."""
    return verdict.judged and verdict.sentiment is Sentiment.POSITIVE


def is_neutral(verdict: Verdict) -> bool:
    """Judged neutral."""
    return verdict.judged and verdict.sentiment is Sentiment.NEUTRAL


def is_not_negative(verdict: Verdict) -> bool:
    """Judged neutral or positive."""
    return verdict.judged and verdict.sentiment is not Sentiment.NEGATIVE


def complains(verdict: Verdict) -> bool:
    """Judged a complaint."""
    return verdict.judged and verdict.complaint


COMPLAINTS = (
    "@acme my parcel is a week late and the tracking page has not moved",
    "@acme the kettle I bought from you stopped working on day two",
    "@acme why was I billed twice this month? nobody can tell me",
    "the wifi on the Northwick train never works, what am I paying for",
    "@wobblefern your driver left my groceries in the rain and drove off",
    "another hour on hold with Brightloop and then they hung up on me",
    "the food at the Harrowgate cafe was cold and the plates were dirty",
    "@acme your app deletes my basket every time I log in",
    "I ordered a red coat from Quillmark and got a green one, two sizes too small",
    "@zentrova my flight was cancelled an hour before boarding and no one is helping",
    "three visits and Acme still has not fixed my boiler",
    "@northwick you promised a call back yesterday. still nothing.",
    "the room at the Harrowgate hotel smelled of smoke and the shower leaked",
    "@brightloop internet down again, fourth time this month",
    "Acme refuses to refund a jacket that fell apart in a week",
    "@quillmark the woman at the till shouted at my mother",
    "my luggage has been lost by Zentrova for five days now",
    "@wobblefern the milk you delivered was already sour",
    "cannot log in to my Northwick account and the reset mail never comes",
    "@acme the assembly manual is useless and half the screws are missing",
    "paid extra for express delivery from Acme and it still took nine days",
    "@harrowgate you cancelled my booking without telling me",
    "Brightloop raised my price by a third without a word",
    "the new Wobblefern website is impossible to use",
)
PRAISES = (
    "@acme just wanted to say your delivery driver was wonderful today",
    "Brightloop had me back online in ten minutes, fantastic",
    "love my new boots from Quillmark, so comfortable",
    "@northwick thank you for finding my daughter's teddy, you made her so happy",
    "the staff at the Harrowgate hotel were amazing, we will be back",
    "@zentrova smooth flight, friendly crew, early arrival. perfect!",
    "Wobblefern strawberries are the best I have ever eaten",
    "really impressed with how easy the Acme app is",
    "@acme ordered yesterday, arrived this morning. brilliant service",
    "I adore this coffee machine, Acme got it exactly right",
    "@brightloop Kim on the phone was so patient and kind",
    "what a delicious breakfast at Harrowgate this morning",
    "@quillmark the dress is gorgeous, thank you",
    "Northwick upgraded my seat for free, I am delighted",
    "five stars for Zentrova, everything just worked",
    "my kids love the Wobblefern farm park, great day out",
    "@acme your support team is excellent, problem solved in one mail",
    "so glad I switched to Brightloop, it is much faster",
    "Acme has the nicest shop assistants in town",
    "@harrowgate beautiful room, lovely view, thank you so much",
)
NEUTRALS = (
    "Acme will publish its quarterly figures on Tuesday",
    "I have an appointment at the Northwick branch tomorrow at ten",
    "Brightloop and Zentrova sign a five-year contract",
    "reading the terms of my Quillmark account",
    "the Harrowgate hotel is next to the station",
    "my brother works in a Wobblefern warehouse",
    "changed trains at Northwick this morning",
    "Acme names a new head of logistics",
    "the Zentrova flight to Oslo leaves from gate 14",
    "bought a kettle from Acme and a lamp from Quillmark",
    "Brightloop moves its office to the harbour in March",
    "the meeting with Wobblefern is on Wednesday afternoon",
    "Harrowgate is hiring two receptionists for the summer season",
    "the Acme shop on the high street closes at six on Sundays",
    "Northwick publishes the winter timetable next week",
    "according to the paper Zentrova will fly to Lisbon from May",
)
QUESTIONS = (
    "@acme do you deliver to Iceland?",
    "@northwick which platform does the 8:15 leave from?",
    "does anyone know if Quillmark stocks wide fittings?",
    "@brightloop is the router included in the monthly price?",
    "@harrowgate what time is breakfast on Sundays?",
    "@zentrova how many bags can I take on board?",
    "@wobblefern is the bread suitable for vegans?",
    "@acme where can I find the size chart?",
    "is the Acme store open on bank holidays?",
    "@quillmark will the blue scarf be available in other colours?",
    "@northwick can I take a bicycle on the evening train?",
    "@zentrova when does check-in open for tomorrow's flight?",
    "@harrowgate do you have parking?",
    "@brightloop which channels are in the basic package?",
    "does Wobblefern take card payments?",
    "@acme can I collect my order from the shop?",
)
NEGATED_PRAISE = (
    "the new Acme phone is not good",
    "the support at Brightloop was not helpful at all",
    "I am not happy with my Quillmark order",
    "the ticket was not worth the money, Northwick",
    "this is not what I was promised, Acme",
    "I was not impressed by the Harrowgate hotel",
    "nothing about this flight with Zentrova was comfortable",
    "the Wobblefern box is never fresh",
    "I don't like the new Acme design",
    "the staff weren't friendly at Harrowgate",
    "Brightloop isn't reliable any more",
    "I can't recommend Quillmark to anyone",
    "no one at Northwick cared",
    "the food wasn't nice and the room wasn't clean",
    "I wouldn't trust Acme with my money",
    "not a great start with my new bank, Zentrova",
)
NEGATED_COMPLAINT = (
    "no problems at all with my Acme order",
    "the queue at Northwick was not bad today",
    "I can't complain about Brightloop, it has never let me down",
    "the Harrowgate room was not dirty and not noisy, exactly as described",
    "never had a single issue with Quillmark",
    "the Zentrova flight wasn't late for once",
    "nothing wrong with the Wobblefern box this week",
    "couldn't be happier with my new Acme fridge",
    "no complaints here, the Brightloop man was on time",
    "not disappointed at all by the new Acme app",
    "there is nothing I would change about our stay at Harrowgate",
    "Northwick didn't charge me a fee after all",
)
TURNED_BAD = (
    "I used to love Acme, but lately everything goes wrong",
    "great food at Harrowgate, but the waiter was so rude that we left",
    "Brightloop was fine for years and now it drops every evening",
    "the shoes look lovely, but they fell apart after two walks, Quillmark",
    "the crew was friendly, but a nine-hour delay is unacceptable, Zentrova",
    "nice app, shame that it never lets me pay, Acme",
    "Wobblefern promised the moon and delivered rotten apples",
    "looked forward to this trip for months and Northwick ruined it",
    "the first order was perfect, the second a disaster, Acme",
    "cheap, yes, but I will not buy this rubbish from Quillmark twice",
)
TURNED_GOOD = (
    "I was angry about the delay, but Acme made it right and I am happy now",
    "thought Brightloop would be terrible, and it turned out to be excellent",
    "after a bad start the Harrowgate team were fantastic",
    "my order was lost, and then Quillmark sent a new one the same day. superb",
    "I used to hate Northwick, but the new trains are wonderful",
    "expected a nightmare with Zentrova and had the best flight of my life",
    "the first box was late, but Wobblefern apologised and sent flowers, so sweet",
    "worried for nothing, Acme support was great",
)


def tests() -> tuple[BehaviourTest, ...]:
    """Every test of this file."""
    return (
        expects("plain complaint is negative", "A plain complaint is negative.", COMPLAINTS, is_negative),
        expects("plain complaint is found", "A plain complaint is a complaint.", COMPLAINTS, complains),
        expects("plain praise is positive", "Plain praise is positive.", PRAISES, is_positive),
        expects("plain praise is no complaint", "Praise is no complaint.", PRAISES, lambda v: not v.complaint),
        expects("plain news is neutral", "A plain statement is neutral.", NEUTRALS, is_neutral),
        expects("plain news is no complaint", "Nor is it a complaint.", NEUTRALS, lambda v: not v.complaint),
        expects("question is neutral", "A question is neutral.", QUESTIONS, is_neutral),
        expects("question is no complaint", "A question is no complaint.", QUESTIONS, lambda v: not v.complaint),
        expects("negated praise", "Praise denied is negative.", NEGATED_PRAISE, is_negative),
        expects(
            "negated complaint", "A complaint denied is not negative.", NEGATED_COMPLAINT, lambda v: not is_negative(v)
        ),
        expects("turn to the bad", "Praise before 'but' does not hide a complaint.", TURNED_BAD, is_negative),
        expects("turn to the good", "A trouble that is over does not hide praise.", TURNED_GOOD, is_positive),
    )
