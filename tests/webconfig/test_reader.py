"""What a web configuration may say, as exporter-toolkit's documentation has it, and what is refused."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from exporter.webconfig import ClientAuth, RateLimit, WebConfig, WebConfigError, parse

PATH = Path("/etc/exporter/web.yml")
HASH = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
CERT_AND_KEY = "cert_file: server.crt, key_file: server.key"


def tls(keys: str = "", *, http: str = "{}") -> str:
    return f"tls_server_config: {{{CERT_AND_KEY}{', ' if keys else ''}{keys}}}\nhttp_server_config: {http}"


def problems(text: str) -> list[str]:
    with pytest.raises(WebConfigError) as refusal:
        parse(text, PATH)
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "tls_server_config:\nbasic_auth_users:\nhttp_server_config:\nrate_limit:\n",
        "tls_server_config: {cert_file: '', key_file: ''}",
        "http_server_config: {http2: true, headers: {}}",
        "rate_limit: {interval: 0, burst: 0}",
    ],
)
def test_what_says_nothing_protects_nothing(text: str) -> None:
    assert parse(text, PATH) == WebConfig()


def test_tls_is_read_with_gos_defaults_and_paths_from_the_files_folder() -> None:
    config = parse(tls("key_file: /run/key").replace(", key_file: server.key", ""), PATH).tls

    assert config is not None
    assert (config.certificate.path, config.key.path) == (Path("/etc/exporter/server.crt"), Path("/run/key"))
    assert (config.min_version, config.max_version) == (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    assert config.client_auth is ClientAuth.NONE
    assert config.prefer_server_ciphers
    assert config.curves == ()
    assert config.ciphers[:2] == ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256")


def test_every_key_of_tls_is_read() -> None:
    text = tls(
        "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem, client_allowed_sans: [prometheus],"
        "min_version: TLS10, max_version: TLS12, prefer_server_cipher_suites: false, curve_preferences: [X25519,"
        "CurveP256], cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256,"
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]"
    )

    config = parse(text, PATH).tls

    assert config is not None
    assert config.client_auth is ClientAuth.REQUIRE_AND_VERIFY
    assert config.client_ca is not None
    assert config.client_ca.path == Path("/etc/exporter/ca.pem")
    assert config.allowed_sans == frozenset({"prometheus"})
    assert (config.min_version, config.max_version) == (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2)
    assert not config.prefer_server_ciphers
    assert config.curves == ("X25519", "prime256v1")
    assert config.ciphers == ("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256")


def test_ciphers_of_tls_1_3_alone_leave_no_lower_version() -> None:
    config = parse(tls("cipher_suites: [TLS_AES_128_GCM_SHA256]", http="{http2: false}"), PATH).tls

    assert config is not None
    assert config.min_version == ssl.TLSVersion.TLSv1_3


def test_users_headers_and_the_rate_limit_are_read() -> None:
    config = parse(
        f"basic_auth_users: {{alice: '{HASH}', 'Zoë': '{HASH}'}}\n"
        "http_server_config: {headers: {X-XSS-Protection: 1, X-Frame-Options: deny, Content-Security-Policy: ''}}\n"
        "rate_limit: {interval: 1m1.5s, burst: 20}",
        PATH,
    )

    assert config.users == {b"alice": HASH.encode(), "Zoë".encode(): HASH.encode()}
    assert config.headers == {"X-XSS-Protection": "1", "X-Frame-Options": "deny"}
    assert config.rate_limit == RateLimit(interval=timedelta(seconds=61.5), burst=20)


def test_dollars_and_braces_are_nothing_special() -> None:
    config = parse("http_server_config: {headers: {Content-Security-Policy: '${HOME}'}}", PATH)

    assert config.headers == {"Content-Security-Policy": "${HOME}"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "the file must be a mapping"),
        ("tls_server_config: {cert_filse: x}", "tls_server_config.cert_filse: unknown key; did you mean cert_file?"),
        ("tls_servr_config: {}", "unknown key; did you mean tls_server_config?"),
        ("rate_limit: {}\nrate_limit: {}", "duplicate key"),
        ("tls_server_config: {key_file: k}", "missing one of cert or cert_file"),
        ("tls_server_config: {cert_file: c, key: ''}", "missing one of key or key_file"),
        ("tls_server_config: {min_version: TLS13}", "missing one of cert or cert_file"),
        (tls("cert: x"), "cert and cert_file are both given"),
        (tls("client_ca_file: x"), "client CA's have been configured without a Client Auth Policy"),
        (tls("client_auth_type: x"), 'invalid ClientAuth: "x"'),
        (tls("client_auth_type: RequireAnyClientCert"), "RequireAnyClientCert is not supported"),
        (tls("client_auth_type: RequestClientCert"), "RequestClientCert is not supported"),
        (tls("client_allowed_sans: [a]"), "client_allowed_sans: has no effect without client_auth_type"),
        (tls("min_version: TLS111"), 'unknown TLS version: "TLS111"'),
        (tls("max_version: TLS11"), "no version of TLS is left"),
        (tls("cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]"), 'unknown cipher: "TLS_RSA_WITH_RC4_128_SHA"'),
        (tls("cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]"), "is missing an HTTP/2-required AES_128_GCM"),
        (tls("curve_preferences: [CurveP257]"), 'unknown curve: "CurveP257"'),
        (tls("prefer_server_cipher_suites: 1"), "must be true or false, not a number"),
        (tls(http="{http2: maybe}"), "http_server_config.http2: must be true or false"),
        ("http_server_config: {headers: {Content-Type: x}}", "this HTTP header can not be configured"),
        ("http_server_config: {headers: {X-Frame-Options: x}}", "invalid value for X-Frame-Options"),
        ('http_server_config: {headers: {X-XSS-Protection: "1\\r\\nA: b"}}', "holds what no HTTP header can hold"),
        (f"basic_auth_users: {{'a:b': '{HASH}'}}", "a user name with a colon"),
        ("basic_auth_users: [a]", "basic_auth_users: must be a mapping, not a list"),
        ("rate_limit: {interval: 1}", "rate_limit.interval: is not a duration"),
        ("rate_limit: {interval: 1s, burst: many}", "rate_limit.burst: must be a whole number"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_place(text: str, problem: str) -> None:
    assert any(problem in each for each in problems(text)), problems(text)


def test_every_problem_is_told_at_once() -> None:
    assert len(problems(tls("min_version: a, max_version: b, curve_preferences: [c, d]"))) == 4


@pytest.mark.parametrize("secret", ["hunter2", HASH[:-1], HASH.replace("$10$", "$03$"), f"{HASH}x"])
def test_what_is_no_hash_is_not_shown(secret: str) -> None:
    (problem,) = problems(f"basic_auth_users: {{john: '{secret}'}}")

    assert problem.startswith("basic_auth_users.john: is no bcrypt hash")
    assert secret not in problem


def test_no_key_is_in_a_repr() -> None:
    config = parse(f"tls_server_config: {{cert: c, key: hidden}}\nbasic_auth_users: {{alice: '{HASH}'}}", PATH)

    assert "hidden" not in repr(config)
    assert HASH not in repr(config)
