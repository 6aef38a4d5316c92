"""Secrets as texts, bytes and mappings that only their receiver sees.

Their `repr` is not what they are, so they do not stand in a traceback that shows local variables, nor in what is
written of a mapping, a tuple or a dataclass that holds them. They are neither pickled nor copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NoReturn, final


class _Unshown:
    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled or copied: it is a secret")


@final
class Hidden(_Unshown, str):
    """A text, which only another text that is made of it shows."""

    __slots__ = ()


@final
class HiddenBytes(_Unshown, bytes):
    """Bytes, which only others that are made of them show."""

    __slots__ = ()

    __str__ = _Unshown.__repr__


@final
class HiddenMapping(_Unshown, Mapping[str, str]):
    """Another mapping, such as the environment, of which only what is looked up shows."""

    __slots__ = ("_shown",)

    def __init__(self, shown: Mapping[str, str]) -> None:
        self._shown = shown

    def __getitem__(self, key: str) -> str:
        return self._shown[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)
