"""Words that the tests put into their templates. Real brands stand here as words that must change nothing."""

from __future__ import annotations

INVENTED_BRANDS = ("Acme", "Wobblefern", "Northwick", "Brightloop", "Zentrova", "Quillmark", "Harrowgate")
KNOWN_BRANDS = (
    "Apple",
    "Google",
    "Microsoft",
    "Amazon",
    "Samsung",
    "Nokia",
    "Delta",
    "Lufthansa",
    "Vodafone",
    "Barclays",
    "Ikea",
    "Walmart",
    "Starbucks",
)
BRANDS = (*INVENTED_BRANDS, *KNOWN_BRANDS)

NAMES = (
    "Emily",
    "Jack",
    "Darnell",
    "Lakisha",
    "Mohammed",
    "Fatima",
    "Wei",
    "Mei Ling",
    "Priya",
    "Arjun",
    "Carlos",
    "Guadalupe",
    "Oluwaseun",
    "Ngozi",
    "Olga",
    "Hiroshi",
)
NATIONALITIES = (
    "American",
    "British",
    "Mexican",
    "Nigerian",
    "Indian",
    "Pakistani",
    "Chinese",
    "Polish",
    "German",
    "Turkish",
    "Syrian",
    "Israeli",
    "Russian",
    "Brazilian",
    "Somali",
)
RELIGIONS = ("Christian", "Muslim", "Jewish", "Hindu", "Buddhist", "Sikh", "Catholic", "atheist")
GENDERS = ("man", "woman", "boy", "girl", "gentleman", "lady", "trans woman", "trans man", "person")

# Carriers of the three moods, with a place for a brand; used by invariance, direction and form.
NEGATIVE = (
    "{brand} has ignored my emails for two weeks and I am fed up",
    "my {brand} order arrived smashed to pieces, what a joke",
    "the new update from {brand} is awful, everything is slower now",
    "waited an hour in the {brand} shop and was treated like dirt",
    "{brand} charged me for something I cancelled months ago",
)
NEUTRAL = (
    "{brand} opens a second office in the city centre next month",
    "does anybody know whether {brand} delivers on Saturdays?",
    "on my way to {brand} to pick up a parcel",
    "the {brand} annual report comes out on Thursday",
)
POSITIVE = (
    "the people at {brand} sorted everything out in minutes, brilliant",
    "really happy with my new {brand} account, so easy to use",
    "{brand} has made my day, what a lovely surprise in the post",
    "best service I have had in years, well done {brand}",
)


def filled(templates: tuple[str, ...], brand: str = "Acme") -> tuple[str, ...]:
    """The templates with one brand in them."""
    return tuple(template.format(brand=brand) for template in templates)
