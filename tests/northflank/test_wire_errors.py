"""What an answer means whose status says no."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import FailureReason
from exporter.northflank.errors import ApiError
from exporter.northflank.wire import error_of_status
from tests.builders import NOW, encoded

HTML = b"<html><body><h1>503 Service Unavailable</h1></body></html>"
NO_PERMISSION = {
    "error": {
        "status": 401,
        "message": "The token does not have permission to do this.",
        "details": {"requiredPermission": "Project > Addons > General > Read"},
    }
}


def error_of(status: int, body: object = b"") -> ApiError:
    error = error_of_status(status, {}, body if isinstance(body, bytes) else encoded(body), NOW)
    assert error.status == status
    return error


def envelope(status: int, message: str = "No.", **more: object) -> dict[str, object]:
    return {"error": {"status": status, "message": message} | more}


def details(value: object) -> dict[str, object]:
    return envelope(401, details=value)


@pytest.mark.parametrize(
    ("status", "reason", "proves_token"),
    [
        (400, "client_error", False),
        (401, "unauthorized", False),
        (402, "client_error", False),
        (403, "forbidden", True),
        (404, "not_found", True),
        (405, "client_error", False),
        (409, "client_error", False),
        (418, "client_error", False),
        (429, "rate_limited", False),
        (499, "client_error", False),
        (500, "server_error", False),
        (502, "server_error", False),
        (503, "server_error", False),
        (504, "server_error", False),
        (599, "server_error", False),
    ],
)
@pytest.mark.parametrize("shape", ["envelope", "text", "html", "empty", "binary", "other"])
def test_the_status_decides_whatever_the_body(status: int, reason: str, *, proves_token: bool, shape: str) -> None:
    body = {
        "envelope": encoded(envelope(status)),
        "text": b"Method Not Allowed",
        "html": HTML,
        "empty": b"",
        "binary": b"\xff\x00\xfe",
        "other": b'["error"]',
    }[shape]
    error = error_of(status, body)
    assert (error.reason, error.proves_token) == (FailureReason(reason), proves_token)


@pytest.mark.parametrize("status", [401, 403])
def test_a_named_permission_is_the_roles_matter(status: int) -> None:
    error = error_of(status, NO_PERMISSION)
    assert (error.reason, error.proves_token) == (FailureReason.FORBIDDEN, True)
    assert "Project > Addons > General > Read" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        details({"requiredPermission": ["General > Read"]}),
        details({"requiredPermission": {"name": "Read"}}),
        details({"requiredPermission": "Read", "other": None}),
    ],
)
def test_a_permission_in_another_shape_is_one_all_the_same(body: object) -> None:
    assert error_of(401, body).reason is FailureReason.FORBIDDEN


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "does not have permission",
        {},
        {"error": None},
        {"error": "Unauthorized"},
        {"error": ["requiredPermission"]},
        {"requiredPermission": "Read"},
        {"error": {"requiredPermission": "Read"}},
        details(None),
        details("requiredPermission"),
        details(["requiredPermission"]),
        details({}),
        details({"requiredPermission": ""}),
        details({"requiredPermission": None}),
        b'{"error":' * 100_000,
        b"\xef\xbb\xbf{",
    ],
    ids=range(17),
)
def test_a_401_that_names_no_permission_is_about_the_token(body: object) -> None:
    error = error_of(401, body)
    assert (error.reason, error.proves_token) == (FailureReason.UNAUTHORIZED, False)


@pytest.mark.parametrize("permission", ["a\nlevel=error", "a\0", "\x1b[31m", "\ud800"])
def test_a_permission_cannot_write_into_the_log(permission: str) -> None:
    error = error_of(401, details({"requiredPermission": permission}))
    assert error.reason is FailureReason.FORBIDDEN
    assert str(error).isprintable()


def test_an_endless_permission_is_cut() -> None:
    assert len(str(error_of(403, details({"requiredPermission": "Read " * 10_000})))) < 500


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_the_text_of_an_error_names_the_status_and_repeats_no_body(status: int) -> None:
    text = str(error_of(status, envelope(status, "peculiar", id="nf-peculiar", details={"peculiar": 1})))
    assert str(status) in text
    assert "peculiar" not in text


@settings(deadline=None)
@given(st.integers(400, 999), st.binary() | st.recursive(st.text(), st.lists).map(encoded))
def test_any_status_and_body_give_an_error_with_a_reason(status: int, body: bytes) -> None:
    assert error_of(status, body).reason is not FailureReason.INTERNAL
