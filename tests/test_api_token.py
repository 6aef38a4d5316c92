"""The token is shown nowhere, and a token file is followed wherever it goes."""

import copy
import logging
import os
import pickle
import stat
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from exporter.api_token import ApiToken, TokenUnreadable
from exporter.hidden import Hidden, HiddenBytes

SECRET = "nf-made-up-secret"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.touch(mode=0o600)
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
    file.touch(mode=0o600)
    file.write_text(SECRET)
    token.reveal()
    assert [record.getMessage() for record in caplog.records] == [
        f"Token file {file}: No such file or directory; keeping the token read before",
        f"Token file {file}: read again",
    ]


def test_a_token_tells_where_it_comes_from(file: Path) -> None:
    assert ApiToken.from_file(file).path == file
    assert ApiToken.literal(SECRET).path is None


def test_a_revealed_token_is_the_text_and_shows_it_to_nobody_who_does_not_ask_for_it() -> None:
    revealed = ApiToken.literal(SECRET).reveal()
    assert revealed == SECRET
    assert f"Bearer {revealed}" == f"Bearer {SECRET}"
    assert SECRET not in repr(revealed) + repr({"Authorization": revealed}) + f"{revealed!r}" + ascii((revealed,))
    for give_away in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="is a secret"):
            give_away(revealed)


def test_hidden_bytes_are_those_bytes_and_show_them_to_nobody_who_does_not_ask_for_them() -> None:
    hidden = HiddenBytes(SECRET.encode())
    assert hidden == SECRET.encode()
    assert b"Bearer " + hidden == f"Bearer {SECRET}".encode()
    assert SECRET not in f"{hidden!r} {hidden!s} {hidden} {[hidden]}"
    for give_away in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="is a secret"):
            give_away(hidden)


def test_a_traceback_that_shows_local_variables_does_not_show_the_token() -> None:
    def send(authorization: Hidden) -> None:
        headers = {"Authorization": authorization}
        raise RuntimeError(len(headers))

    token = ApiToken.literal(SECRET)
    with pytest.raises(RuntimeError) as caught:
        send(token.reveal())
    whole = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "headers = {'Authorization': Hidden()}" in whole
    assert SECRET not in whole


def test_the_same_token_has_the_same_fingerprint_wherever_it_comes_from(file: Path) -> None:
    literal, other = ApiToken.literal(SECRET), ApiToken.literal(SECRET[:-1])
    assert ApiToken.from_file(file).fingerprint() == literal.fingerprint() != other.fingerprint()
    assert SECRET.encode() not in literal.fingerprint()


@pytest.mark.parametrize(
    ("mode", "others"),
    [
        (0o600, None),
        (0o400, None),
        (0o640, None),
        (0o440, None),
        (0o644, "can be read by every user of this machine"),
        (0o604, "can be read by every user of this machine"),
        (0o660, "can be changed by other users"),
        (0o602, "can be changed by other users"),
        (0o666, "can be changed by other users"),
    ],
)
def test_a_file_that_others_may_use_is_warned_of(
    mode: int, others: str | None, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.chmod(mode)
    ApiToken.from_file(file).reveal()
    expected = [] if others is None else [f"Token file {file} {others}; chmod 600 keeps it secret"]
    assert [record.getMessage() for record in caplog.records] == expected


def test_what_others_may_do_is_told_once_until_it_changes(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[int] = []
    token = ApiToken.from_file(file)
    for mode in (0o644, 0o644, 0o646, 0o600, 0o600, 0o644):
        file.chmod(mode)
        file.write_text(f"{SECRET}-{len(told)}")
        token.reveal()
        told.append(len(caplog.records))
    assert told == [1, 1, 2, 2, 2, 3]


def test_a_file_on_a_read_only_mount_is_readable_by_all_as_orchestrators_make_it(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = os.fstatvfs

    def read_only(descriptor: int) -> os.statvfs_result:
        found = list(known(descriptor))
        found[8] |= os.ST_RDONLY
        return os.statvfs_result(found)

    monkeypatch.setattr(os, "fstatvfs", read_only)
    file.chmod(0o644)
    ApiToken.from_file(file).reveal()
    assert not caplog.records
    file.chmod(stat.S_IWOTH | 0o644)
    ApiToken.from_file(file).reveal()
    assert len(caplog.records) == 1
