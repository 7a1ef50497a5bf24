"""Hindi and Urdu written in Latin letters, which no detector of this size knows: told by their small words."""

from __future__ import annotations

import re

# Written down from knowledge of the language, not counted in any labelled set. The second set holds words that
# other languages have, too ("se" is Spanish, "ho" Italian): they support, and never decide.
_OWN = frozenset(
    re.findall(
        r"\w+",
        "aap aapka aapke aapki aapko abhi accha achha apna apne apni aur bahut bhai bhi bilkul bohot dekho dost "
        "gaya gaye gayi ghar hain hoga hogi hona hoon hota hote hoti hua hue hui iska iske iski isko isliye jaise "
        "kabhi kahan kaise karke karna karo karta karte kaun kitna kitne kiya koi kuch kya kyon kyu kyun lekin "
        "liye matlab mera meri mujhe nahi nahin nhi paisa paise phir pyaar raha rahe rahi raho sab sirf tera teri "
        "thi tujhe tum unka unki uska uske uski usko wala wale wali woh yaar yeh zindagi",
    )
)
_SHARED = frozenset(re.findall(r"\w+", "hai hi ho hum jab jaan ji ka kar ke ki ko kr na par se tha toh wo ye"))
SHARE = 0.2  # of the words; chosen, as every number here, on the half of the posts that judges nothing
LEAST = 2  # different words known, one of them of its own

_WORD = re.compile(r"[^\W\d_]+")


def is_romanised_hindi(words: str) -> bool:
    """Whether a text in Latin letters is Hindi or Urdu; False for every text that holds only a word or two of it."""
    found = _WORD.findall(words.lower())
    own = {word for word in found if word in _OWN}
    if not own:
        return False
    known = [word for word in found if word in _OWN or word in _SHARED]
    return len(set(known)) >= LEAST and len(known) >= SHARE * len(found)
