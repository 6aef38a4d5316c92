"""What an API token says of its own end."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.northflank import token_expiry

END = datetime(2027, 1, 1, tzinfo=UTC)


def jwt(claims: object) -> str:
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return f"eyJhbGciOiJIUzI1NiJ9.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2lnbmF0dXJl"


@pytest.mark.parametrize("padding", ["", "a", "ab", "abc"])
def test_the_end_of_a_json_web_token_is_read(padding: str) -> None:
    assert token_expiry(jwt({"sub": padding, "exp": END.timestamp()})) == END
    assert token_expiry(jwt({"sub": padding, "exp": int(END.timestamp())})) == END


def test_the_payload_is_url_safe_base64() -> None:
    token = jwt({"sub": "???>>>~~~", "exp": END.timestamp()})
    assert set(token) & set("-_")
    assert token_expiry(token) == END


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nf-made-up",
        "one.two",
        "one.two.three",
        "one.two.three.four",
        "..",
        "é.é.é",
        "a.\ud800.b",
        jwt({}),
        jwt({"exp": None}),
        jwt({"exp": "1798761600"}),
        jwt({"exp": []}),
        jwt({"exp": 10**20}),
        jwt({"exp": -(10**20)}),
        jwt({"exp": 1e308}),
        jwt(b'{"exp": NaN}'),
        jwt(b'{"exp": Infinity}'),
        jwt(b'{"exp": ' + b"9" * 5000 + b"}"),
        jwt(b"[" * 100_000),
        jwt(b"\xff\xfe"),
        jwt([]),
        jwt("exp"),
        jwt(7),
        jwt(None),
    ],
    ids=range(24),
)
def test_any_other_token_has_no_known_end(token: str) -> None:
    assert token_expiry(token) is None


@settings(deadline=None)
@given(st.text() | st.binary().map(jwt) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(jwt))
def test_no_token_is_an_exception(token: str) -> None:
    assert token_expiry(token) is None
