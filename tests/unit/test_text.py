"""Text that people read: control characters are escaped, secrets are masked, durations are words."""

from __future__ import annotations

import json

import pytest
from machine_speed import cpu_seconds

from scheduler.errors import InvalidSchedule
from scheduler.text import elapsed, escape, mask_secrets, one_line, to_json, with_location

SECRETS = [
    ("mysqldump -u root -phunter2 blog", "mysqldump -u root -p*** blog"),
    ("curl -u anna:hunter2 https://example.com/", "curl -u anna:*** https://example.com/"),
    ("backup --password=hunter2 --user root", "backup --password=*** --user root"),
    ("backup --password 'hunter 2' blog", "backup --password *** blog"),
    ("backup --db-password hunter2 blog", "backup --db-password *** blog"),
    ("PGPASSWORD=hunter2 pg_dump blog", "PGPASSWORD=*** pg_dump blog"),
    ("AWS_SECRET_ACCESS_KEY=hunter2 sync", "AWS_SECRET_ACCESS_KEY=*** sync"),
    ("curl -H 'Authorization: Bearer hunter2' x", "curl -H 'Authorization: Bearer ***' x"),
    ("curl -H 'X-Api-Key: hunter2' x", "curl -H 'X-Api-Key: ***' x"),
    ("{'password': 'hunter2', \"token\": \"hunter2\"}", "{'password': ***, \"token\": ***}"),
    ("https://anna:hunter2@example.com/a?token=hunter2&b=1", "https://***@example.com/a?token=***&b=1"),
    ("https://hunter2@sentry.example.com/7", "https://***@sentry.example.com/7"),
    ("postgres://blog:hunter2@db/blog", "postgres://blog:***@db/blog"),
    ("https://hooks.slack.com/services/T1/B1/hunter2", "https://hooks.slack.com/***"),
    ("https://discord.com/api/webhooks/1/hunter2", "https://discord.com/api/webhooks/***"),
    ("https://hc-ping.com/hunter2", "https://hc-ping.com/***"),
    ("https://api.telegram.org/bot123:hunter2/send", "https://api.telegram.org/bot***/send"),
    ("git push ghp_hunter2hunter2", "git push ***"),
    ("charge sk_test_hunter2hunter2", "charge ***"),
    ("mysqldump -p'hunter 2' blog", "mysqldump -p*** blog"),
    ("mysqldump '-phunter 2' blog", "mysqldump '-p***' blog"),
    ("sshpass -p hunter2 ssh web", "sshpass -p *** ssh web"),
    ("redis-cli -h cache -a hunter2 ping", "redis-cli -h cache -a *** ping"),
    ("mongodump -u anna -p hunter2", "mongodump -u anna -p ***"),
    ("ldapsearch -x -w hunter2", "ldapsearch -x -w ***"),
    ("openssl rsa -passin pass:hunter2", "openssl rsa -passin pass:***"),
    ("DB_PASS=hunter2 backup --pass hunter2", "DB_PASS=*** backup --pass ***"),
    ("backup --credential hunter2", "backup --credential ***"),
    ("curl --oauth2-bearer hunter2 x", "curl --oauth2-bearer *** x"),
    ("backup --password=hunter'2 x' blog", "backup --password=*** blog"),
    ('backup --password="hunter\\"2 x" blog', "backup --password=*** blog"),
    ("backup --password=hunter\\ 2 blog", "backup --password=*** blog"),
    ("backup --password='hunter2", "backup --password=***"),
    ("curl -d 'password=hunter2' -d 'x=1'", "curl -d 'password=***' -d 'x=1'"),
    ("['backup', '--password=hunter2', '--user=anna']", "['backup', '--password=***', '--user=anna']"),
    ("https://anna:hunter@2@example.com/a", "https://***@example.com/a"),
    ("postgres://blog:hunter@2@db/blog", "postgres://blog:***@db/blog"),
    ("https://example.com/a?sig=hunter2&b=1", "https://example.com/a?sig=***&b=1"),
    ("https://example.com/a?key=hunter2", "https://example.com/a?key=***"),
    ("https://cronitor.link/p/hunter2/backup", "https://cronitor.link/***"),
    ("https://status.example.com/heartbeat/hunter2", "https://status.example.com/heartbeat/***"),
]
HARMLESS = [
    "python craft cache:clear",
    "rsync -p /srv/blog /backup",
    "mysql -p blog",
    "ValueError: invalid token",
    "tokenize=False",
    "git@github.com:masonite/blog",
    "ssh://git@example.com/blog",
    "backup --token-file /run/secrets/token",
    "a basic authentication failure",
    "https://example.com/a?page=2",
    "http://localhost:8000/users/@anna",
    "see https://example.com:80 or write to anna@example.com",
    "COMPASS=north backup --bypass x",
    "12 tests pass: all of them",
]


@pytest.mark.parametrize(("text", "masked"), SECRETS)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_not_masked(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize("piece", ["a", "a-", "mysql ", "http://", "-u ", "token", "pwd='", "eyJ", "https://hook", "--",
    "password=a'", "pass", "sshpass -", "redis-cli ", "http://a@", "?key="])  # fmt: skip
def test_masking_takes_linear_time(piece: str) -> None:
    assert cpu_seconds(lambda: mask_secrets(piece * (100_000 // len(piece)))) < 2


def test_an_invalid_value_is_shown_without_its_secret() -> None:
    error = InvalidSchedule("Sync", "ping_url", "ftp://anna:hunter2@example.com", "is not an http(s) URL", ["'https://…'"])
    assert "hunter2" not in str(error)
    assert error.value == "ftp://anna:hunter2@example.com", "code that handles it has the value"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202ecba\u2066", "abc\\u202ecba\\u2066"),
        ("a\u2028b\x85c", "a\\u2028b\\x85c"),
        ("half \udcff", "half \\udcff"),
        ("Grüße, 日本語 🎉", "Grüße, 日本語 🎉"),
    ],
)
def test_control_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert escape(text) == one_line(text) == shown


def test_a_text_keeps_its_lines_and_one_line_does_not() -> None:
    assert escape("a\r\n\tb\rc") == "a\n\tb\\rc"
    assert one_line("a\n2027-01-31 ERROR forged\tb") == "a\\n2027-01-31 ERROR forged\\tb"


def test_json_holds_no_control_characters_and_means_the_same() -> None:
    value = {"name": "a\x1b\x7f\x9b\u202e\n", "half": "\udcff", "plain": "Grüße"}
    text = to_json(value, indent=None)
    assert json.loads(text) == value
    assert text.isprintable()
    assert "Grüße" in text
    text.encode()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 ms"), (0.0384, "38 ms"), (0.9999, "1.0 s"), (3.21, "3.2 s"), (60, "1 min"), (245, "4 min 5 s"), (7380, "2 h 3 min"), (93600, "1 d 2 h")],
)
def test_durations_have_the_unit_that_fits(seconds: float, words: str) -> None:
    assert elapsed(seconds) == words


def test_a_location_follows_in_brackets_if_it_is_known() -> None:
    assert with_location("it failed", "app/tasks/Sync.py:3") == "it failed (app/tasks/Sync.py:3)"
    assert with_location("it failed", "") == "it failed"
