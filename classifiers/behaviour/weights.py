"""Minimum functionality: how bad a complaint is, the flags, and posts that are bad news but nobody's complaint."""

from __future__ import annotations

from classifiers.base import Verdict
from classifiers.behaviour.cases import BehaviourTest, Reading, expects
from classifiers.behaviour.minimum import is_negative
from config.vocabulary import Flag, Severity

MILD = (
    "@acme a bit sad that the blue mug is sold out",
    "@quillmark the sleeves could be a little longer",
    "slightly disappointed with my Harrowgate dessert, it was too sweet for me",
    "@northwick could you please turn the heating down a little",
    "@acme small thing, but the font in your app is hard to read",
    "@zentrova it would be nice if there were more vegetarian meals",
    "the Wobblefern box is fine, just a bit heavy on cabbage",
    "@brightloop the menu of the new box is a little confusing",
)
SERIOUS = (
    "@zentrova you made me miss my sister's wedding, I am furious",
    "@acme third broken machine in a row, I have lost a whole week of work",
    "@brightloop a month without internet and I still pay in full. everybody, stay away from them!",
    "Quillmark has kept 400 pounds of mine since March and ignores every letter",
    "@northwick late every single day for a month, I am about to lose my job",
    "@harrowgate you ruined our honeymoon and then laughed about it. disgusting behaviour",
    "@acme the worst service of my life, five calls, five lies, I am livid",
    "warning to everyone: Wobblefern takes your money and delivers nothing",
)
CRITICAL = (
    "@acme your charger exploded and burnt my son's hand",
    "@zentrova stranded overnight at the airport with a baby, no hotel, no food, no answer",
    "@brightloop my bank details were leaked through your site and my account is empty",
    "@harrowgate my wife is in hospital with food poisoning from your restaurant",
    "@northwick your guard grabbed my daughter and called her a racist name",
    "@quillmark you will hear from my lawyer, this is fraud",
    "@wobblefern there was a needle in the bread, my child is bleeding",
    "@acme the brakes of your bike failed and I was nearly killed",
)
LEAVES = (
    "I have cancelled my Brightloop contract and gone to a competitor",
    "never flying Zentrova again",
    "that was my last order from Acme, goodbye",
    "after ten years we are leaving Northwick Bank",
    "boycott Quillmark, I will not spend another penny there",
    "@brightloop please close my account, I am switching",
    "Harrowgate has lost a customer for life",
    "done with Wobblefern, I unsubscribed today",
    "we have moved all our business away from @acme",
    "@zentrova next time I take the train, you have seen the last of me",
)
STAYS = (
    "@acme my order is late, when will it arrive?",
    "happy with Brightloop, will renew next year",
    "@northwick the 8:15 was full again",
    "Quillmark has new coats in the window",
    "@zentrova my bag is missing, please help",
    "cannot wait to come back to Harrowgate",
    "@wobblefern two apples were bruised",
    "been with Acme for twenty years",
)
ASKS = (
    "@acme can somebody please look into my order? it has not arrived",
    "@brightloop my line is dead, please help",
    "@zentrova how do I claim for the cancelled flight?",
    "@quillmark please send me a return label",
    "@northwick I left my bag on the train, whom do I call?",
    "@harrowgate could you confirm my booking, I have had no mail",
    "@wobblefern my box did not come today, what now?",
    "@acme I was charged twice, please get in touch",
    "@brightloop please answer my message",
    "@zentrova is flight 212 still leaving today? nobody tells us anything",
)
PRAISES = (
    "@acme thank you, the new part fits perfectly",
    "hats off to the Northwick driver who waited for me",
    "Harrowgate does the best pancakes",
    "@zentrova wonderful crew today",
    "credit where it is due: the Acme repairman was great, even if the wait was long",
    "the Quillmark dress is beautiful, only the parcel was late",
    "@brightloop well done for fixing it so fast",
    "Wobblefern never disappoints",
)
NAMED = (
    "the man at the Acme shop in Bridge Street was rude to me",
    "@northwick big thanks to Sandra at the ticket desk",
    "@zentrova the crew of flight ZT 481 to Oslo was lovely",
    "your driver Marek left my parcel in a puddle, @wobblefern",
    "the Harrowgate in Leeds is filthy",
    "@quillmark Joanne at your Camden store refused to take it back",
    "spoke to Dev on the Brightloop helpline, very patient",
    "@acme the manager of the Riverside branch should be ashamed",
)
NOT_OURS = (
    "two people were hurt in the storm last night, terrible news",
    "the government's plan for the schools is a disaster",
    "gutted that we lost the final in the last minute",
    "I hate Mondays",
    "traffic is horrible today and it is raining",
    "so sad to hear that the old actor has died",
    "my head hurts and I could not sleep",
    "that film was boring from start to end",
    "my ex is the worst person I know",
    "this referee is blind",
)
NOISE = (
    "win a free Acme phone! click here now",
    "50% off all Quillmark shoes this weekend only",
    "we are hiring! customer service agents in Leeds, apply today",
    "check out my new video about the Acme app",
    "follow us for a chance to win two Zentrova tickets",
    "great deals on Brightloop contracts, link in bio",
)


def _flag(flag: Flag, *, given: bool = True) -> Reading:
    return lambda verdict: (flag in verdict.flags) is given


def _at_least(severity: Severity) -> Reading:
    return lambda verdict: verdict.severity >= severity


def _mild(verdict: Verdict) -> bool:
    return verdict.severity <= Severity.MILD


def _quiet(verdict: Verdict) -> bool:
    return not verdict.complaint and not is_negative(verdict)


def tests() -> tuple[BehaviourTest, ...]:
    """Every test of this file."""
    return (
        expects("severity mild", "A slight annoyance is at most mild.", MILD, _mild),
        expects("severity serious", "Clear anger and loss are at least serious.", SERIOUS, _at_least(Severity.SERIOUS)),
        expects("severity critical", "Danger and fraud are critical.", CRITICAL, _at_least(Severity.CRITICAL)),
        expects("flag leaves", "Who leaves is seen to leave.", LEAVES, _flag(Flag.LEAVES)),
        expects("flag leaves, absent", "Who stays is not.", STAYS, _flag(Flag.LEAVES, given=False)),
        expects("flag needs reply", "Who asks the company needs a reply.", ASKS, _flag(Flag.NEEDS_REPLY)),
        expects("flag praise", "Praise is flagged, also beside a complaint.", PRAISES, _flag(Flag.PRAISE)),
        expects("flag names staff or place", "A name or a branch is seen.", NAMED, _flag(Flag.NAMES_STAFF_OR_PLACE)),
        expects("not about a company", "Bad news and bad moods are no complaint.", NOT_OURS, lambda v: not v.complaint),
        expects("advertising", "Advertising is neither negative nor a complaint.", NOISE, _quiet),
    )
