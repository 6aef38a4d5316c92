"""The web configuration as whoever calls with curl and openssl sees it, on the real command."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.simulator import Simulator
from tests.certificates import Certificate, make_certificate
from tests.machine import program
from tests.process import ANY_ADDRESS, PATIENCE_SECONDS, TOKEN, Command, run, running, write_config

CAROL = {"carol": "$2y$10$qRTBuFoULoYNA7AQ/F3ck.trZBPyjV64.oA4ZsSBCIWvXuvQlQTuu"}
"""With the password carol123."""

HEALTHY = "/-/healthy"
SERVER = {"cert_file": "server.pem", "key_file": "server.key"}


@pytest.fixture
def config(tmp_path: Path, simulator: Simulator) -> Path:
    return write_config(tmp_path, simulator.url, ["shop/orders-db"])


@pytest.fixture
def server(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path, "server", "DNS:localhost")


def write_web_config(directory: Path, **sections: Mapping[str, Any]) -> Path:
    path = directory / "web.yml"
    path.write_text(json.dumps(sections))
    return path


@asynccontextmanager
async def protected(config: Path, **sections: Mapping[str, Any]) -> AsyncIterator[Command]:
    path = write_web_config(config.parent, **sections)
    words = ("--config.file", config, "--web.config.file", path, ANY_ADDRESS, "--web.enable-lifecycle")
    async with running(*words, "--log.level=debug", cwd=config.parent) as command:
        yield command
        command.signal(signal.SIGTERM)
        ended = await command.end()
    assert ended.code == 0
    assert TOKEN not in ended.stderr.replace("/demo", "")


async def curl(url: str, *arguments: str | Path, ca: Path | None = None) -> tuple[int, str]:
    """Ask with curl; gives its exit code, and the answer with its head."""
    words = [program("curl", origin="the package curl"), "--silent", "--include", "--max-time", "15", "--noproxy", "*"]
    trust = [] if ca is None else ["--cacert", str(ca)]
    process = await asyncio.create_subprocess_exec(
        *words, *trust, *map(str, arguments), url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def shaken(url: str, *arguments: str | Path) -> str:
    """Shake hands with openssl; gives all that it says."""
    words = [program("openssl", origin="the package openssl"), "s_client", "-connect", url.removeprefix("http://")]
    process = await asyncio.create_subprocess_exec(
        *words,
        *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        out, _ = await process.communicate()
    return out.decode()


async def url_over_tls(command: Command) -> str:
    return (await command.url()).replace("http://127.0.0.1", "https://localhost")


async def test_tls_is_served_from_1_2_on_and_plain_http_is_told_so(config: Path, server: Certificate) -> None:
    async with protected(config, tls_server_config=SERVER) as command:
        url = await url_over_tls(command)
        plain = await command.url()

        code, answer = await curl(url + HEALTHY, "--http2", ca=server.certificate)
        assert code == 0
        assert answer.startswith("HTTP/1.1 200 OK")
        for version in ("-tls1_2", "-tls1_3"):
            assert "Verification: OK" in await shaken(plain, version, "-CAfile", server.certificate)
        assert "alert protocol version" in await shaken(plain, "-tls1_1")

        code, answer = await curl(plain + HEALTHY)
        assert code == 0
        assert answer.startswith("HTTP/1.1 400 Bad Request")
        assert answer.endswith("Client sent an HTTP request to an HTTPS server.\n")
        await command.logged("TLS is enabled")


async def test_old_versions_are_served_where_the_file_says_so(config: Path, server: Certificate) -> None:
    assert server.key.exists()
    async with protected(
        config, tls_server_config=SERVER | {"min_version": "TLS10", "max_version": "TLS11"}
    ) as command:
        url = await command.url()

        for version in ("-tls1", "-tls1_1"):
            assert "Cipher is ECDHE" in await shaken(url, version, "-cipher", "DEFAULT@SECLEVEL=0")
        for version in ("-tls1_2", "-tls1_3"):
            assert "Cipher is (NONE)" in await shaken(url, version)


@pytest.mark.parametrize(("prefer_server", "chosen"), [(True, "AES256"), (False, "AES128")])
async def test_cipher_suites_are_chosen_by_whom_the_file_names(
    config: Path, server: Certificate, *, prefer_server: bool, chosen: str
) -> None:
    assert server.key.exists()
    suites = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]
    settings = {"cipher_suites": suites, "max_version": "TLS12", "prefer_server_cipher_suites": prefer_server}
    async with protected(config, tls_server_config=SERVER | settings) as command:
        url = await command.url()

        offered = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
        assert f"Cipher is ECDHE-ECDSA-{chosen}" in await shaken(url, "-cipher", offered)
        assert "alert handshake failure" in await shaken(url, "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")


async def test_the_first_curve_that_the_client_has_is_taken_and_no_other(config: Path, server: Certificate) -> None:
    assert server.key.exists()
    curves = SERVER | {"curve_preferences": ["CurveP521", "X25519"]}
    async with protected(config, tls_server_config=curves) as command:
        url = await command.url()

        for version in ("-tls1_2", "-tls1_3"):
            assert "Temp Key: ECDH, secp521r1" in await shaken(url, version, "-groups", "X25519:P-521:P-256")
            assert "Temp Key: X25519" in await shaken(url, version, "-groups", "P-256:X25519")
            assert "alert handshake failure" in await shaken(url, version, "-groups", "P-256:X448")


async def test_clients_show_certificates_of_the_authority_with_an_allowed_name(
    config: Path, server: Certificate
) -> None:
    directory = config.parent
    authority = make_certificate(directory, "authority")
    clients = {
        name: make_certificate(directory, name, *sans, authority=signer)
        for name, sans, signer in (
            ("good", ("DNS:prometheus",), authority),
            ("by-ip", ("IP:2001:db8::1",), authority),
            ("misnamed", ("DNS:somebody",), authority),
            ("stranger", ("DNS:prometheus",), None),
        )
    }
    settings = {
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": "authority.pem",
        "client_allowed_sans": ["prometheus", "2001:db8::1"],
    }
    async with protected(config, tls_server_config=SERVER | settings) as command:
        url = await url_over_tls(command)

        async def outcome(client: str, *more: str) -> int:
            shown = clients[client]
            showing = ("--cert", shown.certificate, "--key", shown.key)
            code, answer = await curl(url + HEALTHY, *showing, *more, ca=server.certificate)
            return int(answer.split()[1]) if code == 0 else -1

        for version in ("1.2", "1.3"):
            assert await outcome("good", "--tls-max", version) == 200
            assert await outcome("by-ip", "--tls-max", version) == 200
            assert await outcome("misnamed", "--tls-max", version) == -1
            assert await outcome("stranger", "--tls-max", version) == -1
        assert (await curl(url + HEALTHY, ca=server.certificate))[0] != 0
        assert "alert certificate required" in await shaken(await command.url(), "-tls1_3", "-ign_eof")


@pytest.mark.parametrize("policy", ["VerifyClientCertIfGiven", "RequireAndVerifyClientCert"])
async def test_without_an_authority_the_systems_count(config: Path, server: Certificate, policy: str) -> None:
    stranger = make_certificate(config.parent, "stranger")
    async with protected(config, tls_server_config=SERVER | {"client_auth_type": policy}) as command:
        url = await url_over_tls(command)

        code, _ = await curl(url + HEALTHY, ca=server.certificate)
        assert (code == 0) == (policy == "VerifyClientCertIfGiven")
        showing = ("--cert", stranger.certificate, "--key", stranger.key)
        assert (await curl(url + HEALTHY, *showing, ca=server.certificate))[0] != 0


async def test_a_certificate_and_key_in_the_file_itself_are_served(config: Path, server: Certificate) -> None:
    inline = {"cert": server.certificate.read_text(), "key": server.key.read_text()}
    async with protected(config, tls_server_config=inline) as command:
        code, answer = await curl(await url_over_tls(command) + HEALTHY, ca=server.certificate)

        assert (code, answer.split()[1]) == (0, "200")


async def test_a_rotated_certificate_is_served_at_once_and_half_of_it_is_not(config: Path, server: Certificate) -> None:
    (config.parent / "new").mkdir()
    new = make_certificate(config.parent / "new", "server", "DNS:localhost")
    async with protected(config, tls_server_config=SERVER) as command:
        url = await url_over_tls(command)
        assert (await curl(url + HEALTHY, ca=server.certificate))[0] == 0

        new.certificate.replace(server.certificate)
        assert "alert internal error" in await shaken(await command.url())
        await command.logged("the key is not the certificate's")

        new.key.replace(server.key)
        assert (await curl(url + HEALTHY, ca=server.certificate))[0] == 0
        await command.logged("Web configuration is good again")


async def test_every_path_wants_a_password(config: Path, simulator: Simulator) -> None:
    async with protected(config, basic_auth_users=CAROL) as command:
        url = await command.url()

        for path in (HEALTHY, "/metrics", "/", "/nowhere"):
            _, answer = await curl(url + path)
            assert answer.startswith("HTTP/1.1 401 Unauthorized")
            assert "WWW-Authenticate: Basic\r\n" in answer
        for wrong in ("carol:carol", "carol:", "nobody:carol123", ":", "carol:carol1234"):
            assert "401 Unauthorized" in (await curl(url + "/metrics", "--user", wrong))[1]
        assert "401" in (await curl(f"{url}/-/reload", "--request", "POST"))[1]
        assert simulator.request_count == 0

        _, answer = await curl(url + HEALTHY, "--user", "carol:carol123")
        assert answer.startswith("HTTP/1.1 200 OK")
        assert "404" in (await curl(f"{url}/nowhere", "--user", "carol:carol123"))[1]
        await command.logged("TLS is disabled")


async def test_users_are_read_again_and_a_broken_file_lets_nobody_in(config: Path) -> None:
    async with protected(config, basic_auth_users=CAROL) as command:
        url, known = await command.url(), ("--user", "carol:carol123")
        assert "200 OK" in (await curl(url + HEALTHY, *known))[1]

        write_web_config(config.parent, basic_auth_users={"dave": CAROL["carol"]})
        assert "401" in (await curl(url + HEALTHY, *known))[1]
        assert "200 OK" in (await curl(url + HEALTHY, "--user", "dave:carol123"))[1]

        write_web_config(config.parent, basic_auth_users={"dave": "hunter2"})
        for _ in range(3):
            assert "500 Internal" in (await curl(url + HEALTHY, "--user", "dave:carol123"))[1]
        await command.logged("basic_auth_users.dave: is no bcrypt hash")
        assert command.stderr.count("Bad web configuration") == 1
        assert "hunter2" not in command.stderr

        write_web_config(config.parent, tls_server_config=SERVER)
        assert "200 OK" in (await curl(url + HEALTHY))[1]
        await command.logged("tls_server_config was added while serving")


async def test_headers_and_the_rate_limit_are_applied(config: Path) -> None:
    headers = {
        "X-Frame-Options": "deny",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "Content-Security-Policy": "default-src 'self'",
    }
    limit = {"interval": "1h", "burst": 3}
    async with protected(config, http_server_config={"headers": headers}, rate_limit=limit) as command:
        url = await command.url()

        answers = [(await curl(url + path))[1] for path in (HEALTHY, "/nowhere", "/", HEALTHY)]

    assert [answer.split()[1] for answer in answers] == ["200", "404", "200", "429"]
    for answer in answers[:3]:
        for name, value in headers.items():
            # They take the place of what a page would say.
            assert answer.count(f"{name}: ") == answer.count(f"{name}: {value}\r\n") == 1


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"tls_server_config": {"cert_file": "gone.pem", "key_file": "server.key"}}, "failed to read cert_file"),
        ({"tls_server_config": {"cert_file": "server.key", "key_file": "server.key"}}, "failed to load X509KeyPair"),
        ({"tls_server_config": {"cert": "nonsense", "key": "nonsense"}}, "failed to load X509KeyPair"),
        (
            {"tls_server_config": SERVER | {"client_ca": "x", "client_auth_type": "VerifyClientCertIfGiven"}},
            "client_ca: holds no certificate",
        ),
        ({"tls_server_config": SERVER | {"client_auth_type": "RequireAnyClientCert"}}, "is not supported"),
        ({"nonsense": {}}, "unknown key"),
    ],
)
async def test_a_bad_file_is_refused_at_the_start_and_by_check(
    config: Path, server: Certificate, sections: dict[str, Any], problem: str
) -> None:
    assert server.key.exists()
    path = write_web_config(config.parent, **sections)

    started = await run("--config.file", config, "--web.config.file", path, ANY_ADDRESS, cwd=config.parent)
    checked = await run("check", "--config.file", config, "--web.config.file", path, cwd=config.parent)

    assert started.code == 2
    assert f'msg="Bad configuration" file={path}' in started.stderr
    assert problem in started.stderr
    assert "Listening" not in started.stderr
    assert checked.code == 1
    assert problem in checked.stdout
    assert f"{config}: good" in checked.stdout


async def test_a_missing_file_is_an_error_and_a_good_one_is_called_good(config: Path) -> None:
    good = config.parent / "empty.yml"
    good.write_text("")

    missing = await run("--config.file", config, "--web.config.file=gone.yml", ANY_ADDRESS, cwd=config.parent)
    checked = await run("--web.config.file", good, "check", "--config.file", config, cwd=config.parent)

    assert missing.code == 2
    assert "file=gone.yml" in missing.stderr
    assert "No such file" in missing.stderr
    assert checked.code == 0
    assert f"{good}: good" in checked.stdout


async def test_an_encrypted_key_is_refused_without_asking_for_a_passphrase(config: Path, server: Certificate) -> None:
    openssl = program("openssl", origin="the package openssl")
    words = (openssl, "ec", "-in", str(server.key), "-aes256", "-passout", "pass:x")
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    encrypted, _ = await process.communicate()
    server.key.write_bytes(encrypted)
    path = write_web_config(config.parent, tls_server_config=SERVER)

    ended = await run("--config.file", config, "--web.config.file", path, ANY_ADDRESS, cwd=config.parent)

    assert ended.code == 2
    assert "the key is encrypted" in ended.stderr
