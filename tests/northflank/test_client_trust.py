"""Whose certificates are trusted: the system's authorities always, others where they are named."""

import ssl
from pathlib import Path

import pytest

from exporter.northflank.errors import HostUnreachable
from tests.fake_api import FakeApi, empty_list, open_client, read_list

HERE = Path(__file__).parent
AUTHORITY = HERE / "authority.pem"
"""An authority that is trusted by no system, made for these tests with openssl; good for a hundred years."""

OF_AUTHORITY = HERE / "of_authority.pem"
"""Key and certificate of a server, signed by it."""

SELF_SIGNED = HERE / "untrusted.pem"


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_named_authority_is_trusted() -> None:
    async with FakeApi(empty_list(), tls=tls(OF_AUTHORITY)) as api, open_client(api.url, ca_file=AUTHORITY) as client:
        assert (await read_list(client, "shop", "orders-db")).is_complete


async def test_a_named_certificate_that_signed_itself_is_trusted() -> None:
    async with FakeApi(empty_list(), tls=tls(SELF_SIGNED)) as api, open_client(api.url, ca_file=SELF_SIGNED) as client:
        assert (await read_list(client, "shop", "orders-db")).is_complete


@pytest.mark.parametrize("ca_file", [None, SELF_SIGNED])
async def test_an_authority_that_is_not_named_is_not_trusted(ca_file: Path | None) -> None:
    async with FakeApi(empty_list(), tls=tls(OF_AUTHORITY)) as api, open_client(api.url, ca_file=ca_file) as client:
        with pytest.raises(HostUnreachable, match="certificate"):
            await read_list(client, "shop", "orders-db")
    assert api.requests == []


async def test_the_authorities_of_the_system_stay_trusted_beside_the_named_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Where OpenSSL looks for the system's authorities.
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    for certificate in (OF_AUTHORITY, SELF_SIGNED):
        async with (
            FakeApi(empty_list(), tls=tls(certificate)) as api,
            open_client(api.url, ca_file=SELF_SIGNED) as client,
        ):
            assert (await read_list(client, "shop", "orders-db")).is_complete


async def test_certificates_that_are_gone_are_noticed_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        async with open_client("https://127.0.0.1:1", ca_file=tmp_path / "gone.pem"):
            pass
