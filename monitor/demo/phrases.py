"""How the customers of the invented Larkspoon Rail go on, how they end, and what the company answers."""

from __future__ import annotations

# What it meant to them, by the field that the subject belongs to (see FIELD).
MEANT: dict[str, tuple[str, ...]] = {
    "travel": (
        "I was {mins} minutes late for work.",
        "My kids had school this morning.",
        "That makes {n} times this month, I keep a list.",
        "I travel from {station} every single day and pay for it.",
        "I had to take a taxi for {sum}.",
        "Everybody on the platform was freezing.",
        "My boss has stopped believing me.",
        "There were {n} of us and not one got an answer.",
        "I missed a doctor's appointment that I waited months for.",
        "We sat on our suitcases like it was wartime.",
    ),
    "money": (
        "I have the statement of my bank in front of me.",
        "That is real money for a family of {n}.",
        "I asked at the {station} desk and got a shrug.",
        "The confirmation mail shows the right price, my card shows another.",
        "Nobody can tell me what the fee is for.",
        "I kept every receipt since {day}.",
        "For that sum I can fill up the car.",
        "My pension does not go up by nine percent.",
        "I was told it takes {n} days, then {n} weeks, now nothing.",
        "I never agreed to that.",
    ),
    "errand": (
        "I asked at the {station} desk and got a shrug.",
        "I need this by {day}.",
        "I tried it on {n} different phones.",
        "It worked fine until last month.",
        "I have filled in the form {n} times.",
        "Nobody seems to be in charge of it.",
        "I have photos, times and names.",
        "I ended up paying {sum} for somebody else's mistake.",
    ),
    "manners": (
        "An apology would have been a start.",
        "It used to be better, a year ago.",
        "I am not angry, just tired of it.",
        "My neighbour had the very same thing on {day}.",
        "Half the coach heard it.",
        "We are passengers, not freight.",
        "I have been a customer for {n} years.",
        "Somebody should look into that.",
    ),
    "praise": (
        "It made my week.",
        "Please pass that on to the boss.",
        "I have been travelling with you for {n} years and it shows.",
        "More of that, please.",
        "My mother still talks about it.",
        "Not everything is bad after all.",
    ),
    "plain": (
        "Asking for a friend in {station}.",
        "I could not find it on the page.",
        "Going there on {day}.",
        "First time on the {line} for me.",
        "We are {n} people with luggage.",
    ),
}

FIELD: dict[str, str] = {
    "delay": "travel", "spike": "travel", "billing": "money", "lost_or_damaged": "errand", "technical": "errand",
    "ordering": "errand", "staff": "manners", "support": "manners", "quality": "manners", "policy": "manners",
    "safety": "manners", "sarcasm": "manners", "praise": "praise", "question": "plain", "remark": "plain",
    "elsewhere": "plain",
}  # fmt: skip

ENDS: dict[str, tuple[str, ...]] = {
    "complaint": (
        "Please sort this out.",
        "Can somebody answer me?",
        "What are you going to do about it?",
        "Never again.",
        "I am done with Larkspoon.",
        "I want my money back.",
        "Next step is the ombudsman.",
        "Unbelievable.",
        "Do better.",
        "Any update?",
        "😡",
        "Fix it.",
        "My next trip is by car.",
    ),
    "praise": ("Thank you!", "❤️", "Keep it up.", "Lovely.", "👏", "You rock."),
    "plain": ("Thanks!", "Anyone?", "Cheers.", "🙂", "Thanks in advance."),
}

FOLLOW_UPS = (
    "Still nothing from @LarkspoonRail. Anybody there?",
    "It is hours later and I am exactly where I was, @LarkspoonRail.",
    "@LarkspoonRail I sent the form you asked for {n} times now, same silence.",
    "And now the hotline of Larkspoon tells me to write a letter. A letter!",
    "Update: Larkspoon closed my case. Nothing solved.",
    "@LarkspoonRail your answer does not answer anything, read my question again please.",
    "Larkspoon promised a call by {day}. My phone is silent.",
    "I have now been told {n} different things by Larkspoon Rail.",
    "Does anybody at Larkspoon read this? Asking for the second time.",
    "Second message to @LarkspoonRail, same problem, no answer.",
    "So, {n} days on: Larkspoon has not moved a finger.",
    "Thanks for the copy and paste, Larkspoon. What about my case?",
    "Larkspoon asked where and when. I told them. That was the end of it.",
    "@LarkspoonRail shall I come round in person, or will somebody write back?",
    "Just hung up after {mins} minutes in the queue of Larkspoon.",
    "My patience with Larkspoon ends here.",
)

ANSWERS: dict[str, tuple[str, ...]] = {
    "travel": (
        "We know about the fault and are working on it. Tickets stay valid all day.",
        "That sounds like a long wait, sorry. The next train leaves from platform 2.",
        "Sorry for the trouble. We have asked {station} and come back to you today.",
    ),
    "money": (
        "Our billing team is looking at it now, you will hear from us by mail.",
        "Sorry about that charge. Please send us your booking number by private message.",
        "We have opened a refund check for you, it takes {n} working days.",
    ),
    "errand": (
        "Please send us your booking number by private message, we will look into it.",
        "Thank you for telling us. We have asked {station} and come back to you today.",
        "Our technicians have a look at it now, sorry for the bother.",
    ),
    "manners": (
        "We are sorry, that is not how it should be. Where and when was it?",
        "Sorry for the silence. I have taken your case over myself.",
        "Thank you for telling us, I pass it on to the line manager today.",
    ),
    "praise": ("Thank you, we pass that on to the crew!", "You just made somebody's day at {station}."),
}

TITLES: dict[str, tuple[str, ...]] = {
    "complaint": (
        "Larkspoon Rail, what is going on?",
        "Fed up with Larkspoon",
        "Larkspoon: a bad week",
        "Is this normal at Larkspoon?",
        "Another day with Larkspoon Rail",
        "How do I get Larkspoon to answer?",
    ),
    "praise": ("Credit where it is due, Larkspoon", "A good day with Larkspoon Rail"),
    "plain": ("Question about Larkspoon", "Larkspoon Rail, a small question"),
}

FIRST_NAMES = (
    "ada", "bo", "cleo", "dov", "enya", "fritz", "gus", "hana", "ivo", "juno", "kit", "lars", "mia", "nils", "ona",
    "pip", "quinn", "rosa", "sol", "tess", "uma", "vito", "wren", "xena", "yara", "zeb",
)  # fmt: skip
