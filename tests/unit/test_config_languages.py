"""Which model serves which language, as far as the settings can be wrong about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import ConfigError, load
from config.models import LanguageModel

GOOD = """\
company = "Acme"
brands = [{ name = "Acme", aliases = [{ text = "acme" }] }]
channels = [{ kind = "console", name = "care" }]
default_route = { name = "rest", channels = ["care"] }
digest = { enabled = false }
"""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GERMAN = f'[[model.by_language]]\nlanguages = ["de"]\nsentiment_model = "org/name"\nrevision = "{COMMIT}"\n'


def problems(folder: Path, text: str) -> list[str]:
    file = folder / "monitor.toml"
    file.write_text(GOOD + text, encoding="utf-8")
    try:
        load(file)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_models_for_further_languages_load_with_their_folders_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    folder = '[[model.by_language]]\nlanguages = ["fr", "it"]\nsentiment_model = "./models/romance"\n'
    file.write_text(GOOD + GERMAN + folder, encoding="utf-8")
    assert load(file).model.by_language == (
        LanguageModel(languages=("de",), sentiment_model="org/name", revision=COMMIT),
        LanguageModel(languages=("fr", "it"), sentiment_model=str(tmp_path / "models/romance")),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[model]\nlanguages = ["en", "de"]',
            [("line 7: model.languages: the embedded model judges en alone, not German: name a model for it under "
             "[[model.by_language]]")],
        ),
        (
            '[model]\nlanguages = ["en", "en"]',
            ["line 7: model.languages: English is served by model.languages already"],
        ),
        (
            GERMAN.replace('"de"', '"de", "en"'),
            ["line 7: model.by_language[0].languages: English is served by model.languages already"],
        ),
        (
            GERMAN + GERMAN.replace('"de"', '"fr", "de"'),
            ["line 11: model.by_language[1].languages: German is served by model.by_language[0].languages already"],
        ),
        (
            GERMAN.replace('"de"', '"jp"'),
            [('line 7: model.by_language[0].languages: "jp" is no two-letter code (ISO 639-1) of a language that can '
             'be told; did you mean "ja" (Japanese)?')],
        ),
        (
            GERMAN.replace('"de"', '"de-AT"'),
            [('line 7: model.by_language[0].languages: "de-AT" is no two-letter code (ISO 639-1) of a language that '
             'can be told; did you mean "de" (German)?')],
        ),
        (GERMAN.replace('"de"', ""), ["line 7: model.by_language[0].languages: must not be empty"]),
        (
            GERMAN.replace(f'revision = "{COMMIT}"\n', ""),
            ["line 6: model.by_language[0].revision: a hub model must name the revision (commit) to load"],
        ),
        (
            GERMAN.replace(COMMIT, "main"),
            [("line 9: model.by_language[0].revision: must be a commit (40 hexadecimal digits); a branch or tag may "
             "move")],
        ),
        (
            GERMAN.replace("org/name", "embedded"),
            ["line 8: model.by_language[0].sentiment_model: the embedded model judges en alone; name another one"],
        ),
        (
            GERMAN.replace("sentiment_model", "sentimentmodel"),
            [('line 8: model.by_language[0].sentimentmodel: unknown key; did you mean "sentiment_model"? known here: '
             "languages, revision, sentiment_model"),
             "line 6: model.by_language[0].sentiment_model: is missing"],
        ),
    ],
)  # fmt: skip
def test_each_mistake_about_languages_is_named(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert sorted(problems(tmp_path, text)) == sorted(expected)


def test_english_may_be_left_to_another_model(tmp_path: Path) -> None:
    assert problems(tmp_path, "[model]\nlanguages = []\n" + GERMAN.replace('"de"', '"en", "de"')) == []


def test_posts_may_be_routed_by_every_language_that_some_model_serves(tmp_path: Path) -> None:
    route = '[[routes]]\nname = "dach"\nchannels = ["care"]\nwhen = { languages = ["de", "und"] }\n'
    assert problems(tmp_path, route + GERMAN) == []
    [problem] = problems(tmp_path, route)
    assert 'no post is judged in "de"; did you mean' not in problem
    assert 'routes[0].when.languages: no post is judged in "de"' in problem


def test_a_brand_is_not_followed_in_a_language_that_there_is_not(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(GOOD.replace('aliases = [{ text = "acme" }]', 'aliases = [{ text = "acme" }], languages = ["xx"]'))
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert [problem.message for problem in caught.value.problems] == [
        '"xx" is no two-letter code (ISO 639-1) of a language that can be told'
    ]
