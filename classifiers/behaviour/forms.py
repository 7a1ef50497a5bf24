"""Minimum functionality: how people write. Emoji, hashtags, elongation, capitals, sarcasm, entities."""

from __future__ import annotations

from classifiers.base import Verdict
from classifiers.behaviour.cases import BehaviourTest, expects
from classifiers.behaviour.minimum import complains, is_negative, is_positive

_PLAIN = (
    "just left the Acme shop",
    "my order from Quillmark came today",
    "on the 7:40 with Northwick",
    "dinner at Harrowgate tonight",
)
_ANGRY = ("\U0001f621", "\U0001f620\U0001f620", "\U0001f44e", "\U0001f92c", "\U0001f624\U0001f621")
_GLAD = ("\U0001f60d", "\U0001f44d\U0001f60a", "❤️", "\U0001f970", "\U0001f389\U0001f601")
ANGRY_EMOJI = tuple(f"{text} {emoji}" for text in _PLAIN for emoji in _ANGRY)
GLAD_EMOJI = tuple(f"{text} {emoji}" for text in _PLAIN for emoji in _GLAD)

BAD_TAGS = (
    "two hours at the gate with Zentrova #NeverAgain",
    "my third visit to the branch #AcmeFail",
    "look what came in the post today, @quillmark #WorstServiceEver",
    "on the phone with Brightloop #StillWaiting #BrightloopFail",
    "this is what Wobblefern calls fresh #disgusting",
    "dinner at Harrowgate #RipOff",
    "@acme #fail",
    "@northwick again #epicfail #notimpressed",
    "@acme my account, again #Useless #JokeOfACompany",
    "@zentrova seat 14C #broken #disappointed",
    "Acme at its finest #BadCustomerService",
    "@brightloop #NeverAgain #BoycottBrightloop",
)
GOOD_TAGS = (
    "picked up my order at Acme #BestServiceEver",
    "on board with Zentrova #LoveThisAirline",
    "@quillmark #ThankYou #happycustomer",
    "@brightloop up and running in an hour #impressed #awesome",
    "lunch at Harrowgate #delicious",
    "new shoes from Quillmark #obsessed #InLove",
    "@northwick #GreatService",
    "@wobblefern box day #yum #soGood",
)
LONG_BAD = (
    "soooo bad, Acme",
    "this is sooooo slooooow, Brightloop",
    "whyyyyy is my order still not here @quillmark",
    "I haaaate the new Acme app",
    "worst. flight. everrrrr. Zentrova",
    "ughhhhh not again Northwick",
    "nooooo Acme broke it again!!!!!!",
    "waiiiiting for two hoooours at Harrowgate",
    "sooo disappointed in Wobblefern",
    "terribleeee service Acme",
)
LONG_GOOD = (
    "I loooove my new Acme phone",
    "soooo good, Harrowgate",
    "yessssss my Quillmark order is here, so happyyyy",
    "thank youuuuu @brightloop",
    "best day everrrr at the Wobblefern farm",
    "sooooo pretty, well done Quillmark",
    "amaaaazing flight with Zentrova",
    "yummmmm, Harrowgate breakfast!!!!",
)
LOUD_BAD = (
    "WHERE IS MY ORDER @ACME",
    "I AM STILL WAITING FOR MY REFUND, QUILLMARK",
    "THE WORST AIRLINE I HAVE EVER FLOWN WITH, ZENTROVA",
    "@BRIGHTLOOP YOUR SERVICE IS DOWN AGAIN",
    "NEVER BUY ANYTHING FROM ACME",
    "TWO HOURS ON HOLD. TWO HOURS. NORTHWICK.",
    "MY ROOM AT HARROWGATE IS FILTHY",
    "WOBBLEFERN SENT ME ROTTEN FRUIT",
    "STOP CALLING ME, BRIGHTLOOP",
    "WHY DID YOU CHARGE ME TWICE @ACME",
)
LOUD_GOOD = (
    "I LOVE THIS COMPANY, THANK YOU ACME",
    "BEST FLIGHT EVER, ZENTROVA",
    "MY NEW COAT FROM QUILLMARK IS PERFECT",
    "THE HARROWGATE STAFF ARE AMAZING",
    "BRIGHTLOOP YOU ARE THE BEST",
    "WOBBLEFERN JUST MADE MY DAY",
)
SARCASM = (
    "Great, another delay. Thanks a lot, Northwick \U0001f644",
    "oh wonderful, Acme has lost my parcel again",
    "wow, only three hours on hold this time. well done Brightloop \U0001f44f",
    "just what I needed, a cancelled flight. cheers Zentrova",
    "thanks for nothing, Acme",
    "love sitting on the runway for two hours, thanks Zentrova #not",
    "brilliant, Quillmark, a left shoe and a left shoe. genius.",
    "so kind of Brightloop to charge me for a service I don't have /s",
    "congratulations Northwick, late five days out of five!",
    "nothing says luxury like hair in the bathtub, thanks Harrowgate",
    "yeah right, 'we value your call'. 50 minutes of music so far, Acme",
    "really classy, Wobblefern, mouldy bread for 8 pounds",
    "I just love being ignored by @acme for a week \U0001f60d\U0001f644",
    "what a surprise, the Acme app has crashed again. slow clap.",
)
ENTITIES = (
    "I can&#39;t believe how rude your staff are @acme",
    "Acme &amp; their couriers lost my order &amp; nobody cares",
    "my refund &quot;is on its way&quot; for six weeks, Quillmark",
    "you&#x27;ve cancelled my flight without telling me, Zentrova",
    "service &lt; zero, Brightloop. absolutely terrible",
    "it doesn\\u2019t work and nobody answers, @acme",
    "&quot;fresh&quot; they said. it was rotten. don&#39;t buy from Wobblefern",
    "Northwick: late, dirty &amp; expensive",
)


def is_bad(verdict: Verdict) -> bool:
    """Negative or a complaint: somebody would be told."""
    return is_negative(verdict) or complains(verdict)


def tests() -> tuple[BehaviourTest, ...]:
    """Every test of this file."""
    return (
        expects("angry emoji", "An angry emoji makes a plain sentence negative.", ANGRY_EMOJI, is_negative),
        expects("glad emoji", "A glad emoji makes a plain sentence positive.", GLAD_EMOJI, is_positive),
        expects("bad hashtag", "#NeverAgain and #AcmeFail are negative.", BAD_TAGS, is_negative),
        expects("good hashtag", "#BestServiceEver is positive.", GOOD_TAGS, is_positive),
        expects("elongated anger", "'soooo bad' is negative.", LONG_BAD, is_negative),
        expects("elongated joy", "'loooove' is positive.", LONG_GOOD, is_positive),
        expects("loud anger", "Anger in capitals is negative.", LOUD_BAD, is_negative),
        expects("loud joy", "Joy in capitals is positive.", LOUD_GOOD, is_positive),
        expects("marked sarcasm", "Sarcasm with a marker counts by its meaning.", SARCASM, is_negative),
        expects("entities", "HTML entities hide no complaint.", ENTITIES, is_bad),
    )
