"""Certificates as tests need them, made by the real openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.machine import program


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path


def make_certificate(directory: Path, name: str, *sans: str, authority: Certificate | None = None) -> Certificate:
    """Make a certificate that its own key has signed, or an authority's; `sans` as in `DNS:localhost`."""
    made = Certificate(certificate=directory / f"{name}.pem", key=directory / f"{name}.key")
    signer = ["-CA", str(authority.certificate), "-CAkey", str(authority.key)] if authority else []
    names = ["-addext", f"subjectAltName={','.join(sans)}"] if sans else []
    subprocess.run(
        [
            *(program("openssl", origin="the package openssl"), "req", "-x509", "-days", "2", "-subj", f"/CN={name}"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
            *signer,
            *names,
        ],
        check=True,
        capture_output=True,
    )
    return made
