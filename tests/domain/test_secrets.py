"""Words without secrets, in whatever spelling they stand there."""

import json
from base64 import b64encode
from urllib.parse import quote

import pytest

from atc_cli.domain.secrets import Notes, hiding

KEY = 'q7/W"+x Z\\9é'
PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----"


@pytest.mark.parametrize(
    "said",
    [KEY, quote(KEY, safe=""), json.dumps(KEY), json.dumps(KEY, ensure_ascii=False), repr(KEY), KEY.upper()],
    ids=["plain", "url", "json", "unicode", "python", "loud"],
)
def test_a_secret_is_hidden_in_every_spelling(said: str) -> None:
    words = hiding([{"apiKey": KEY}])(f"the key {said} is unknown")
    assert "7" not in words
    assert words.startswith("the key ")
    assert words.endswith(" is unknown")


def test_of_a_text_with_several_pieces_each_long_one_is_hidden() -> None:
    words = hiding([{"headers": {"Authorization": "Bearer abcdef123456"}, "privateKey": PEM}])
    assert words("token abcdef123456 expired") == "token *** expired"
    assert "MIIEvQIBADANBg" not in words(" ".join(PEM.split()))
    assert "kqhkiG9w0BAQ" not in words("line 2 is kqhkiG9w0BAQ")


def test_a_proxy_keeps_its_host_and_loses_its_person() -> None:
    words = hiding([{"httpsProxy": "http://me:hunter%232@proxy.example:3128"}])
    said = f"http://me:hunter%232@proxy.example:3128 refuses hunter#2, {b64encode(b'me:hunter#2').decode()}"
    assert words(said) == "http://***@proxy.example:3128 refuses ***, ***"


def test_a_short_secret_is_sought_as_a_word_and_honest_words_stay() -> None:
    words = hiding(
        [{"password": "test", "uid": 4711, "twofa": 12, "timeout": 5000, "options": {"defaultType": "swap"}}]
    )
    assert words("the latest test, 4711, 47110, 12 swap in 5000") == "the latest ***, ***, 47110, 12 swap in 5000"


def test_without_secrets_words_stay_as_they_are() -> None:
    for tables in ([], [{}], [{"timeout": 3, "enableRateLimit": True, "hostname": "bybit.eu"}]):
        assert hiding(tables)("bybit.eu needs 3 s, true") == "bybit.eu needs 3 s, true"


def test_notes_are_kept_without_secrets() -> None:
    notes = Notes(hiding([{"secret": "abcdef123456"}]))
    notes.append("it sent abcdef123456")
    assert notes == ["it sent ***"]
