from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

from digest_values import BEFORE, START, complaints, facts_of, rows_of

from config.vocabulary import Sentiment
from monitor.digest.charts import charts
from monitor.digest.facts import Facts

ROOT = Path(__file__).parents[2]


def a_week(**given) -> Facts:
    this = [*rows_of(START, negative=4, positive=9), *complaints(START, 6, "delay")]
    return facts_of(this, [*rows_of(BEFORE, neutral=8), *complaints(BEFORE, 3, "billing")], **given)


def test_the_same_facts_give_the_same_bytes():
    facts = a_week()
    assert [chart.png for chart in charts(facts)] == [chart.png for chart in charts(Facts.from_json(facts.to_json()))]


def test_pictures_carry_twice_the_pixels_of_their_place_and_no_date():
    for chart in charts(a_week()):
        assert struct.unpack(">II", chart.png[16:24]) == (2 * chart.width, 2 * chart.height)
        assert chart.width <= 600
        assert b"tEXt" not in chart.png
        assert b"tIME" not in chart.png


def test_another_number_gives_another_picture():
    assert charts(a_week())[0].png != charts(facts_of(rows_of(START, negative=5)))[0].png


def test_a_picture_is_described_in_words():
    volume, types = charts(a_week())
    assert volume.alt == (
        "Posts a day: 19 in all, 11 last week; most on Mon (19); most negative ones on Mon (10). "
        "The table below has every day."
    )
    assert types.alt == (
        "Complaints by type, 2 types shown: delay or cancellation 6 (last week 0); "
        "billing, price, fees, refund 0 (last week 3). The table below has every type."
    )


def test_a_week_without_posts_or_complaints_draws_nothing_empty():
    assert charts(facts_of()) == ()
    assert [chart.cid for chart in charts(facts_of(rows_of(START, neutral=3)))] == ["volume"]


def test_a_first_week_is_drawn_without_the_week_before():
    facts = facts_of(complaints(START, 3, "delay"), sources_before=[])
    assert [chart.cid for chart in charts(facts)] == ["volume", "types"]
    assert "last week" not in charts(facts)[0].alt + charts(facts)[1].alt


def test_names_are_never_read_as_formulas():
    assert len(charts(facts_of(complaints(START, 3, r"$\frac{1}{$_$x$")))) == 2


def test_posts_that_nobody_judged_are_drawn():
    facts = facts_of(rows_of(START, neutral=3, judged=False) + rows_of(START, positive=1))
    assert facts.days[0].posts == 4
    assert Sentiment.POSITIVE == "positive"
    assert len(charts(facts)) == 1


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    kits = os.pathsep.join([str(ROOT), str(ROOT / "tests/kits")])
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MPL", "XDG", "HOME"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=kept | {"PYTHONPATH": kits} | env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_matplotlib_is_loaded_with_the_first_picture_only():
    result = run("import sys, monitor.digest.mail; print('matplotlib' in sys.modules)")
    assert (result.stdout.strip(), result.returncode) == ("False", 0), result.stderr


def test_a_home_that_cannot_be_written_to_is_no_obstacle():
    code = (
        "from digest_values import *; from monitor.digest.charts import charts; "
        "print(len(charts(facts_of(rows_of(START, neutral=2)))))"
    )
    result = run(code, HOME="/proc/nowhere")
    assert (result.stdout.strip(), result.returncode) == ("1", 0), result.stderr
