from __future__ import annotations

from pathlib import Path

import pytest

from config.load import ConfigError, check_secrets, load
from config.problems import printable, spelled
from config.sources import FilesSource

GOOD = """\
company = "Acme"
[[brands]]
name = "Acme"
aliases = [{ text = "Acme" }]
[[channels]]
kind = "console"
name = "care"
[default_route]
name = "rest"
channels = ["care"]
[digest]
enabled = false
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "monitor.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    try:
        load(write(folder, text))
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def after(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_minimal_file_loads(tmp_path: Path) -> None:
    settings = load(write(tmp_path, GOOD))
    assert (settings.company, settings.default_route.channels, settings.digest.enabled) == ("Acme", ("care",), False)


TEN_MISTAKES = """\
compny = "Acme"
company = "Acme"
time_zone = "Berlin"
company = "Acme again"

[[brands]]
name = "Acme"
aliases = [
  { text = "Acme" },  # a comment with ] and "
  { text = "acme" },
]

[[sources]]
kind = "feeed"
name = "news"

[[channels]]
kind = "mail"
name = "mail"
host = smtp.acme.example
sender = "monitor@acme.example"
recipients = []

[[routes]]
name = "billing"
when = { types = ["biling"], min_severity = "huge" }
channels = ["maill"]

[default_route]
name = "rest"
channels = ["mail"]
continue = true
"""


def test_a_file_with_a_dozen_mistakes_has_each_of_them_named_with_its_line(tmp_path: Path) -> None:
    found = problems(tmp_path, TEN_MISTAKES)
    assert [line.split(": ")[:2] for line in found] == [
        ["line 1", "compny"],
        ["line 3", "time_zone"],
        ["line 4", "company"],
        ["line 10", "brands[0].aliases[1].text"],
        ["line 14", "sources[0].kind"],
        ["line 20", "channels[0].host"],
        ["line 22", "channels[0].recipients"],
        ["line 26", "routes[0].when.min_severity"],
        ["line 26", "routes[0].when.types"],
        ["line 27", "routes[0].channels"],
        ["line 32", "default_route.continue"],
        ["digest.channel", "is missing"],
        ["digest.recipients", "must name at least one e-mail address; or set digest.enabled = false"],
    ]


def test_a_problem_says_what_is_allowed(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD + '[[routes]]\nname = "mail"\nchannels = ["carre"]\n')
    assert found == ['line 15: routes[0].channels: no channel is named "carre"; did you mean "care"?; channels: care']


ROUTE = '[[routes]]\nname = "one"\nchannels = ["care"]\n'
FILES = '[[sources]]\nkind = "files"\nname = "inbox"\npath = "inbox/*"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (after("[[brands]]", 'compny = "x"\n[[brands]]'), 'line 2: compny: unknown key; did you mean "company"?'),
        (
            after('kind = "console"', 'kind = "consol"'),
            'channels[0].kind: "consol" is not allowed; did you mean "console"?',
        ),
        (after('kind = "console"\n', ""), "channels[0].kind: is missing"),
        (after('name = "care"', 'name = "Care Team"'), "channels[0].name: must be lower-case letters"),
        (after('company = "Acme"', ""), "company: is missing"),
        (after('company = "Acme"', "company = 7"), "company: must be text in quotation marks"),
        (after('company = "Acme"', 'company = "Ac\\nme"'), "company: must be one line without control characters"),
        (after("[[brands]]", "[brands]"), "brands: must be a list"),
        (after('aliases = [{ text = "Acme" }]', "aliases = []"), "brands[0].aliases: must not be empty"),
        (after('[default_route]\nname = "rest"\nchannels = ["care"]\n', ""), "default_route: is missing"),
        (
            after('channels = ["care"]', "channels = []"),
            "default_route.channels: name at least one, or set quiet = true",
        ),
        (after('channels = ["care"]', 'channels = ["cares"]'), 'no channel is named "cares"; did you mean "care"?'),
        (after('channels = ["care"]', 'channels = ["care"]\nwhen = { types = ["billing"] }'), "default_route.when: "),
        (
            after('channels = ["care"]', 'channels = ["care"]\ncontinue = true'),
            "default_route.continue: nothing follows",
        ),
        (after("enabled = false", "enabled = true"), "digest.channel: is missing: name the mail channel"),
        (after("enabled = false", "enabled = true"), "digest.recipients: must name at least one"),
        (
            after("enabled = false", 'enabled = true\nchannel = "care"'),
            'digest.channel: no mail channel is named "care"',
        ),
        (
            after("enabled = false", 'enabled = false\nday = "monday"'),
            'digest.day: "monday" is not allowed; did you mean "mon"?',
        ),
        (after("enabled = false", "enabled = false\nat = 8"), 'digest.at: must be a time of day such as "08:30"'),
        (GOOD + ROUTE + ROUTE, 'routes[1].name: "one" is the name of routes[0] already'),
        (GOOD + ROUTE.replace("one", "rest"), 'default_route.name: "rest" is the name of routes[0] already'),
        (GOOD + ROUTE + ROUTE.replace("one", "two"), 'routes[1]: is never reached: the earlier route "one"'),
        (
            GOOD + ROUTE + 'when = { types = ["biling"] }',
            'routes[0].when.types: no complaint type is called "biling"; did you mean "billing"?',
        ),
        (
            GOOD + ROUTE + 'when = { brands = ["Acne"] }',
            'routes[0].when.brands: no brand is named "Acne"; did you mean "Acme"?',
        ),
        (GOOD + ROUTE + 'when = { languages = ["de"] }', 'routes[0].when.languages: no post is judged in "de"'),
        (GOOD + ROUTE + 'when = { platforms = ["twitter"] }', 'routes[0].when.platforms: "twitter" is not allowed'),
        (GOOD + ROUTE + "when = { min_severity = 4 }", "routes[0].when.min_severity: must be none, mild"),
        (GOOD + FILES + FILES, 'sources[1].name: "inbox" is the name of sources[0] already'),
        (GOOD + FILES + 'brand = "Acne"', 'sources[0].brand: no brand is named "Acne"; did you mean "Acme"?'),
        (GOOD + FILES + 'every = "1s"', "sources[0].every: must be 10s or longer"),
        (GOOD + FILES + 'every = "999999999w"', "sources[0].every: must be at most ten years"),
        (GOOD + FILES + 'columns = { txt = "a" }', 'sources[0].columns.txt: unknown key; did you mean "text"?'),
        (GOOD + '[alerting]\noperators = ["x"]', 'alerting.operators: no channel is named "x"; channels: care'),
        (
            GOOD + '[alerting.escalation]\nescalate_to = ["x"]',
            'alerting.escalation.escalate_to: no channel is named "x"',
        ),
        (
            GOOD + '[alerting.escalation]\nescalate_after = "1h"',
            "alerting.escalation.escalate_after: must not be shorter",
        ),
        (GOOD + '[alerting.playbook]\nbiling = "x"', 'alerting.playbook.biling: no complaint type is called "biling"'),
        (GOOD + "[thresholds]\nnegative = 60", "thresholds.negative: must be less than or equal to 1"),
        (GOOD + '[model]\nsentiment_model = "org/name"', "model.revision: a hub model must name the revision"),
        (
            GOOD + '[database]\nurl = "mysql://host/name"',
            "database.url: must be sqlite:///FILE or postgresql+psycopg://",
        ),
        (GOOD + '[database]\nurl = "sqlite://"', "database.url: must name a file"),
        (GOOD + '[database]\nurl = "sqlite:///:memory:"', "database.url: must name a file"),
        (GOOD + '[database]\nurl = "postgresql+psycopg://h/d?password=x"', "database.url: holds a password"),
        (GOOD + '[database]\nurl = "postgresql+psycopg://me:pw@h/d"', "database.url: holds a user name or password"),
        (
            GOOD + '[[brands]]\nname = "B"\naliases = [{ text = "@ACME", kind = "word" }]',
            'brands[1].aliases[0].text: is an alias of the brand "Acme" already',
        ),
        (
            GOOD + '[[brands]]\nname = "acme"\naliases = [{ text = "b" }]',
            'brands[1].name: "acme" is the name of brands[0] already',
        ),
        (
            GOOD + '[[brands]]\nname = "B"\naliases = [{ text = "http://b.com", kind = "domain" }]',
            "brands[1].aliases[0].text: a domain is written like",
        ),
    ],
)
def test_each_mistake_is_named_with_its_place_and_what_is_allowed(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, text)
    assert [line for line in found if expected in line], found
    assert all(line.startswith("line ") or "is missing" in line or "must name at least" in line for line in found)


def test_rules_between_values_are_asked_although_other_values_are_wrong(tmp_path: Path) -> None:
    channel = '[[channels]]\nkind = "mail"\nname = "Bad Name"\nhost = "h"\nusername = "u"\nport = 0\n'
    found = problems(tmp_path, GOOD + channel + '[[routes]]\nname = "Bad Name"\nquiet = 3\nunknown = 1\n')
    assert [line.split(": ")[1] for line in found] == [
        "channels[1].sender",
        "channels[1].recipients",
        "channels[1]",  # user name without password
        "channels[1].name",
        "channels[1].port",
        "routes[0].channels",
        "routes[0].name",
        "routes[0].quiet",
        "routes[0].unknown",
    ]


def test_a_broken_header_brings_no_false_problems_behind_it(tmp_path: Path) -> None:
    found = problems(tmp_path, after("[[channels]]", "[[channels]"))
    assert found == ["line 5: channels: not valid TOML: expected ']]' at the end of an array declaration"]


def test_a_name_that_cannot_be_read_is_not_also_told_to_be_unknown(tmp_path: Path) -> None:
    found = problems(tmp_path, after('name = "care"', "name = care"))
    assert [line.split(": ")[:2] for line in found] == [["line 7", "channels[0].name"]]


def test_a_line_without_a_key_does_not_hide_what_stands_around_it(tmp_path: Path) -> None:
    found = problems(tmp_path, after('name = "Acme"', '= "Acme"\nnam = "Acme"'))
    assert [line.split(": ")[:2] for line in found] == [
        ["line 2", "brands[0].name"],
        ["line 3", "brands[0]"],
        ["line 4", "brands[0].nam"],
    ]


def test_windows_line_ends_do_not_move_the_lines(tmp_path: Path) -> None:
    expected = problems(tmp_path, TEN_MISTAKES)
    path = tmp_path / "windows.toml"
    path.write_bytes(TEN_MISTAKES.replace("\n", "\r\n").encode())
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert list(map(str, caught.value.problems)) == expected


@pytest.mark.parametrize(
    "further",
    [
        ROUTE
        + 'when = { types = ["billing"] }\n'
        + ROUTE.replace("one", "two")
        + 'when = { types = ["billing", "delay"] }\n',
        ROUTE + 'when = { keywords = ["a"] }\n' + ROUTE.replace("one", "two"),
        ROUTE + "continue = true\n" + ROUTE.replace("one", "two"),
        ROUTE + "when = { min_reach = 5 }\n" + ROUTE.replace("one", "two") + "when = { min_reach = 4 }\n",
        '[[brands]]\nname = "B"\naliases = [{ text = "BEE", case_sensitive = true }, { text = "Bee", case_sensitive = true }]\n',
        '[[sources]]\nkind = "feed"\nname = "f"\nurl = "https://news.example?to=a@b.example"\n',
    ],
)
def test_what_only_looks_like_a_mistake_is_none(tmp_path: Path, further: str) -> None:
    assert problems(tmp_path, GOOD + further) == []


def test_a_route_is_unreachable_where_an_earlier_one_takes_more_of_everything(tmp_path: Path) -> None:
    earlier = ROUTE + 'when = { types = ["billing", "delay"], keywords = ["Late"], min_severity = "mild" }\n'
    later = (
        ROUTE.replace("one", "two") + 'when = { types = ["delay"], keywords = ["late"], min_severity = "serious" }\n'
    )
    assert problems(tmp_path, GOOD + earlier + later) == [
        'line 17: routes[1]: is never reached: the earlier route "one" takes all of it'
    ]


def test_a_wrong_word_in_a_list_does_not_hide_a_rule_of_its_table(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD + '[[routes]]\nname = "one"\nwhen = { platforms = ["twitter"] }\n')
    assert [line.split(": ")[1] for line in found] == ["routes[0].channels", "routes[0].when.platforms"]


def test_a_list_that_is_never_closed_spoils_only_itself(tmp_path: Path) -> None:
    found = problems(
        tmp_path, after('aliases = [{ text = "Acme" }]', 'aliases = [{ text = "Acme" },\nlanguages = ["en"]')
    )
    assert [line.split(": ")[:2] for line in found] == [["line 4", "brands[0].aliases"]]


def test_a_secret_pasted_into_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    slack = '[[channels]]\nkind = "slack"\nname = "s"\nconversation = "C1"\ntoken = "xoxb-very-secret"\n'
    broken = "password = very-secret-too\n"
    found = problems(tmp_path, GOOD + slack + broken)
    assert len(found) == 2
    assert not any("very-secret" in line for line in found)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\xff\xfe", "line 1: is not UTF-8; save the file as UTF-8"),
        (GOOD.encode() + b'x = "\xe4"', "line 13: is not UTF-8; save the file as UTF-8"),
        (b"\x00", "line 1: not valid TOML: invalid statement"),
    ],
)
def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path, raw: bytes, expected: str) -> None:
    path = tmp_path / "monitor.toml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value.problems[0]) == expected


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path).company == "Acme"


def test_a_missing_file_and_a_folder_are_told_as_such(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load(path)


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "acme [prod]"
    folder.mkdir()
    mail = (
        '[[channels]]\nkind = "mail"\nname = "m"\nhost = "h"\nsender = "a@b.example"\nrecipients = ["a@b.example"]\n'
        'ca_file = "ca.pem"\nusername = "u"\npassword = "file:pw"\n'
    )
    settings = load(write(folder, GOOD + FILES + mail + '[model]\nsentiment_model = "./judge"\n'))
    source, channel = settings.sources[0], settings.channels[1]
    assert isinstance(source, FilesSource)
    assert source.path == f"{tmp_path}/acme [[]prod]/inbox/*"  # the folder's brackets are no pattern
    assert (channel.ca_file, channel.password.place) == (f"{folder}/ca.pem", f"file:{folder}/pw")
    assert settings.model.sentiment_model == f"{folder}/judge"
    assert settings.database.url == f"sqlite:///{folder}/monitor.db"


def test_absolute_paths_and_the_embedded_model_stay_as_they_are(tmp_path: Path) -> None:
    text = GOOD + FILES.replace("inbox/*", "/srv/in.csv") + '[database]\nurl = "sqlite:////srv/m.db?timeout=5"\n'
    settings = load(write(tmp_path, text))
    assert isinstance(settings.sources[0], FilesSource)
    assert settings.sources[0].path == "/srv/in.csv"
    assert (settings.database.url, settings.model.sentiment_model) == ("sqlite:////srv/m.db?timeout=5", "embedded")


def test_each_secret_that_cannot_be_read_is_told_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = "".join(
        f'[[channels]]\nkind = "slack_webhook"\nname = "{name}"\nurl = "{place}"\n'
        for name, place in (("a", "env:HOOK_A"), ("b", "env:HOOK_B"), ("c", "file:open"), ("d", "file:closed"))
    )
    settings = load(write(tmp_path, GOOD + hooks))
    monkeypatch.setenv("HOOK_A", "https://hooks.example/secret")
    monkeypatch.delenv("HOOK_B", raising=False)
    for name, mode in (("open", 0o644), ("closed", 0o600)):
        (tmp_path / name).write_text("https://hooks.example/secret")
        (tmp_path / name).chmod(mode)
    assert [str(problem) for problem in check_secrets(settings)] == [
        "channels[2].url: env:HOOK_B: the environment variable is not set or empty",
        f"channels[3].url: file:{tmp_path}/open: everybody may read this file; run chmod 600 on it",
    ]


def test_severity_is_written_as_a_word_or_a_number(tmp_path: Path) -> None:
    text = GOOD + ROUTE + 'when = { min_severity = "serious" }\n'
    by_word, by_number = (load(write(tmp_path, t)) for t in (text, text.replace('"serious"', "2")))
    assert by_word == by_number


def test_places_are_spelled_without_control_characters() -> None:
    assert spelled(("routes", 2, "when", "a\x1b[31m b")) == 'routes[2].when."a\\u001b[31m b"'
    assert printable("x" * 100, 5) == "xxxxx…"
