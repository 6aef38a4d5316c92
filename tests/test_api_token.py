"""The token is shown nowhere, and a token file is followed wherever it goes."""

import copy
import logging
import os
import pickle
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from exporter.api_token import ApiToken, TokenUnreadable

SECRET = "nf-made-up-secret"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    return path


def _reason(path: Path) -> str:
    with pytest.raises(TokenUnreadable) as caught:
        ApiToken.from_file(path).reveal()
    assert str(caught.value) == f"cannot read the token file {path}: {caught.value.reason}"
    return caught.value.reason


def test_a_literal_token_is_revealed_without_surrounding_whitespace() -> None:
    assert ApiToken.literal(f"\t{SECRET}\r\n").reveal() == SECRET


@pytest.mark.parametrize("source", ["literal", "file"])
def test_no_way_of_printing_a_token_shows_it(source: str, file: Path) -> None:
    token = ApiToken.literal(SECRET) if source == "literal" else ApiToken.from_file(file)
    token.reveal()
    assert SECRET not in f"{token} {token!r} %s" % token + str([token]) + ascii(token)
    assert not hasattr(token, "__dict__")
    with pytest.raises(TypeError, match="ApiToken") as caught:
        format(token, ">40")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_token_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="is a secret"):
        pickle.dumps(ApiToken.literal(SECRET), protocol)


def test_a_token_is_not_copied_out_of_what_holds_it() -> None:
    @dataclass
    class Holder:
        token: ApiToken

    with pytest.raises(TypeError, match="is a secret"):
        asdict(Holder(ApiToken.literal(SECRET)))
    with pytest.raises(TypeError, match="is a secret"):
        copy.copy(ApiToken.literal(SECRET))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (f"{SECRET} x", "contains spaces"),
        (f"{SECRET}\r\nX-Header: x", "contains spaces"),
        (f"{SECRET}\x00", "contains spaces"),
        (f"{SECRET}é", "contains spaces"),
        (f"{SECRET}\x7f", "contains spaces"),
        (SECRET * 2_000, "larger than 16 KiB"),
    ],
)
def test_what_cannot_be_sent_in_a_header_is_refused_without_being_shown(value: str, reason: str, file: Path) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        ApiToken.literal(value)
    assert SECRET not in str(caught.value)
    file.write_bytes(value.encode())
    assert _reason(file).startswith(reason)


def test_a_file_is_not_read_before_it_is_needed(tmp_path: Path) -> None:
    assert repr(ApiToken.from_file(tmp_path / "missing")) == f"ApiToken(file='{tmp_path}/missing')"


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert _reason(loop) == "Too many levels of symbolic links"
    assert _reason(tmp_path / "missing") == "No such file or directory"
    assert _reason(tmp_path) == "not a regular file"
    assert "null" in _reason(tmp_path / "a\0b")


def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert _reason(tmp_path / "pipe") == "not a regular file"


def test_an_endless_device_is_refused() -> None:
    assert _reason(Path("/dev/zero")) == "not a regular file"


def test_bytes_that_are_not_text_stay_out_of_the_error_and_of_what_led_to_it(file: Path) -> None:
    file.write_bytes(SECRET.encode() + b"\xff")
    with pytest.raises(TokenUnreadable, match="not UTF-8 text") as caught:
        ApiToken.from_file(file).reveal()
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr(vars(error)) + repr(error.args)
        assert not isinstance(error, UnicodeDecodeError)
        error = error.__cause__ or error.__context__


def test_a_byte_order_mark_is_not_part_of_the_token(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + SECRET.encode() + b"\r\n")
    assert ApiToken.from_file(file).reveal() == SECRET


def test_a_file_written_anew_is_read_again(file: Path) -> None:
    token = ApiToken.from_file(file)
    assert token.reveal() == SECRET
    file.write_text("another-made-up-secret")
    assert token.reveal() == "another-made-up-secret"


def test_a_file_that_looks_unchanged_is_not_opened_again(file: Path) -> None:
    token = ApiToken.from_file(file)
    token.reveal()
    before = file.stat()
    file.write_text(SECRET.upper() + "\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert token.reveal() == SECRET


def test_a_symbolic_link_that_is_swapped_is_followed(tmp_path: Path) -> None:
    # Kubernetes: token -> ..data/token, and ..data is replaced by a rename.
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "token").write_text(f"{version}-made-up")
        os.utime(tmp_path / version / "token", ns=(0, 0))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "token").symlink_to("..data/token")
    token = ApiToken.from_file(tmp_path / "token")
    assert token.reveal() == "one-made-up"
    (tmp_path / "..tmp").symlink_to("two")
    (tmp_path / "..tmp").rename(tmp_path / "..data")
    assert token.reveal() == "two-made-up"


@pytest.mark.parametrize("spoil", [Path.unlink, Path.touch, lambda path: path.write_text("")])
def test_a_file_that_turned_bad_keeps_its_last_good_token(spoil: object, file: Path) -> None:
    token = ApiToken.from_file(file)
    token.reveal()
    assert callable(spoil)
    spoil(file)
    assert token.reveal() == SECRET
    file.write_text("another-made-up-secret")
    assert token.reveal() == "another-made-up-secret"


def test_a_file_turning_bad_and_good_again_is_logged_once_each(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    token = ApiToken.from_file(file)
    token.reveal()
    file.unlink()
    for _ in range(3):
        token.reveal()
    file.write_text(SECRET)
    token.reveal()
    assert [record.getMessage() for record in caplog.records] == [
        f"Token file {file}: No such file or directory; keeping the token read before",
        f"Token file {file}: read again",
    ]


def test_a_token_tells_where_it_comes_from(file: Path) -> None:
    assert ApiToken.from_file(file).path == file
    assert ApiToken.literal(SECRET).path is None
