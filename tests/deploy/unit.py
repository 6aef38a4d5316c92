"""What the systemd unit starts, read from its file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.process import ROOT

UNITS = ROOT / "deploy" / "systemd"
NAME = "northflank-backup-exporter"
SERVICE = UNITS / f"{NAME}.service"
SOCKET = UNITS / f"{NAME}.socket"
CONFIG = f"/etc/{NAME}/config.yaml"


def values(key: str, unit: Path = SERVICE) -> list[str]:
    """Give all that a unit says of a key, in its order."""
    return [line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith(f"{key}=")]


def value(key: str, unit: Path = SERVICE) -> str:
    """Give the one thing that a unit says of a key."""
    (only,) = values(key, unit)
    return only


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecStart:
    """The program, the words behind it without those of `$ARGS`, and where the token is read from."""

    program: str
    words: list[str]
    credential: str

    @classmethod
    def of(cls, unit: Path = SERVICE) -> Self:
        program, *words = value("ExecStart", unit).split()
        assert words.pop() == "$ARGS"
        name, _, source = value("LoadCredential", unit).partition(":")
        assert name == "token"
        return cls(program=program, words=words, credential=source)
