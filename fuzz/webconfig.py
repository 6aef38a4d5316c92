"""Properties of the web configuration: any text is one that can be served, or problems that have places."""

import re
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from exporter.webconfig import ClientAuth, TlsConfig, WebConfig, WebConfigError, parse
from exporter.webconfig.names import CIPHERS, CURVES
from exporter.webconfig.reader import HEADERS
from fuzz.bounds import bounded
from fuzz.draw import Draw
from fuzz.yaml_texts import MARK, bomb, damaged, problems_have_places

PATH = Path("/etc/exporter/web.yml")
_HASH = re.compile(rb"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}")
EXAMPLE = f"""tls_server_config:
  cert_file: server.crt
  key: |
    -----BEGIN PRIVATE KEY-----
    {MARK}MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    -----END PRIVATE KEY-----
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  client_allowed_sans: [prometheus]
  min_version: TLS12
  max_version: TLS13
  cipher_suites:
    - TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
  prefer_server_cipher_suites: true
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: true
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Content-Type-Options: nosniff
    X-Frame-Options: deny
    X-XSS-Protection: "1"
    Content-Security-Policy: default-src 'none'
basic_auth_users:
  prometheus: $2y$10${MARK}wo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJP
rate_limit:
  interval: 1s
  burst: 20
"""
"""Every key that the documentation knows."""


def text_is_a_web_configuration_or_problems(text: str) -> None:
    """Any text is a web configuration that can be served, or problems that have places; and it takes little time."""
    with bounded(text):
        try:
            config = parse(text, PATH)
        except WebConfigError as error:
            assert error.file == PATH  # noqa: PT017 - the file is a part of the error
            problems_have_places(error.problems, text, ())
            return
    _can_be_served(config)
    assert parse(text, PATH) == config


def secrets_are_not_told(text: str) -> None:
    """No key, password or hash is told, whatever is wrong beside it."""
    try:
        said = repr(parse(text, PATH))
    except WebConfigError as error:
        said = _said_by(error)
    assert MARK not in said, said


def problems_tell_no_secret(text: str) -> None:
    """No problem tells a secret that stands in the wrong place; in a good text, what stands for a path is one."""
    try:
        parse(text, PATH)
    except WebConfigError as error:
        said = _said_by(error)
        assert MARK not in said, said


def _said_by(error: WebConfigError) -> str:
    return f"{error}\n{error!r}\n{error.problems!r}\n{error.__context__!r}\n{error.__cause__!r}"


def a_missing_line_never_opens_the_door(text: str, line: int) -> None:
    """Without one of its lines the example is refused, or still asks for a password, unless the line was about it."""
    lines = text.splitlines(keepends=True)
    cut = lines.pop(line % len(lines))
    try:
        config = parse("".join(lines), PATH)
    except WebConfigError:
        return
    assert config.users or cut.startswith(("basic_auth_users", "  prometheus")), cut
    assert config.tls, cut


def a_bomb_is_defused(levels: int, width: int, *, is_list: bool) -> None:
    """A few aliases of aliases are refused or read in little time, whatever they would be written out."""
    text_is_a_web_configuration_or_problems(bomb(levels, width, is_list=is_list))


def _can_be_served(config: WebConfig) -> None:
    for name, value in config.headers.items():
        assert name in HEADERS
        assert value
        assert not set(value) & set("\r\n\0")
        value.encode("latin-1")
    for user, hashed in config.users.items():
        assert b":" not in user
        assert _HASH.fullmatch(hashed)
    if config.rate_limit is not None:
        assert timedelta(0) <= config.rate_limit.interval <= timedelta(days=365)
    if config.tls is not None:
        _tls_can_be_served(config.tls)


def _tls_can_be_served(tls: TlsConfig) -> None:
    assert tls.min_version <= tls.max_version
    assert tls.min_version == ssl.TLSVersion.TLSv1_3 or tls.ciphers
    assert set(tls.ciphers) <= set(CIPHERS.values())
    assert set(tls.curves) <= set(CURVES.values())
    for values in (tls.ciphers, tls.curves):
        assert len(set(values)) == len(values)
    for pem in (tls.certificate, tls.key, tls.client_ca):
        assert pem is None or bool(pem.path) != bool(pem.text)
    if tls.client_ca is not None or tls.allowed_sans is not None:
        assert tls.client_auth is not ClientAuth.NONE


def run(data: bytes) -> None:
    """Try any text, the example damaged or without a line, or a bomb."""
    draw = Draw(data)
    match draw.integer(5):
        case 0:
            text_is_a_web_configuration_or_problems(draw.rest().decode("utf-8", "replace"))
        case 1 | 2:
            text = damaged(EXAMPLE, draw)
            text_is_a_web_configuration_or_problems(text)
            if text.count(MARK) == EXAMPLE.count(MARK):
                secrets_are_not_told(text)
        case 3:
            a_missing_line_never_opens_the_door(EXAMPLE, draw.integer(256))
        case _:
            a_bomb_is_defused(draw.integer(40), draw.integer(40), is_list=draw.pick((True, False)))


def seeds() -> Iterator[bytes]:
    """Give the example, whole, damaged and without a line, and a bomb."""
    yield b"\0" + EXAMPLE.encode()
    yield b"\0rate_limit: {interval: 1m30.5s, burst: 0}\nhttp_server_config: {http2: no}"
    yield b"\0tls_server_config: {cert: a, key: b, curve_preferences: []}"
    yield b"\1\2\0\x10\4\0\3\1\1\0\2\2"
    yield b"\3\x18"
    yield b"\4\7\x0a\0"
