"""From declarations to sample lines: what stands in one answer as in the next is written once.

The lines are those of both text formats. They equal, byte for byte, what prometheus_client's encoders give for the
same families; the tests hold them to that.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from prometheus_client.utils import floatToGoString

from exporter.metrics import Catalogue, Family, LiveFamily, Samples

S = TypeVar("S")

SUBJECTS_PER_CHUNK = 500
"""A family of very many subjects is not written at once: each client that reads slowly keeps a chunk in memory."""

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class SubjectLines(Generic[S]):
    """A subject's lines, as far as they can be written ahead of any answer, and what helps to write the others.

    `written` is empty until they are.
    """

    __slots__ = ("base", "kept", "series", "subject", "written")

    def __init__(self, subject: S, base: tuple[str, ...]) -> None:
        self.subject = subject
        self.base = base
        self.written: tuple[bytes, ...] = ()
        self.kept: dict[str, tuple[object, bytes]] = {}
        self.series: dict[str, str] = {}


class CatalogueWriter(Generic[S]):
    """Writes the families of one catalogue."""

    def __init__(self, catalogue: Catalogue[S], *, live: bool) -> None:
        self._base_values = catalogue.base_values
        self._families = [
            _FamilyWriter(catalogue.base_labels, family)
            for family in catalogue.families
            if live or isinstance(family, Family) or not family.freezes
        ]

    def lines(self, subject: S, before: SubjectLines[S] | None = None) -> SubjectLines[S]:
        """Begin one subject's lines, which the first exposition that wants them writes.

        Lines written for the same subject before save some work.
        """
        if before is None:
            return SubjectLines(subject, _escaped(self._base_values(subject)))
        lines = SubjectLines(subject, before.base)
        lines.kept, lines.series = before.kept, before.series
        return lines

    def write(self, lines: SubjectLines[S]) -> None:
        """Write the sample lines, family by family; empty where they move with the clock."""
        lines.written = tuple(family.lines(lines.base, lines.subject) for family in self._families)

    def exposition(
        self, ready: Sequence[SubjectLines[S]], names: Collection[str], times: Sequence[datetime] = ()
    ) -> Iterator[bytes]:
        """Write whole families, of so many subjects per chunk; what moves with the clock is as at each one's time."""
        for lines in ready:
            if not lines.written:
                self.write(lines)
        parts = [slice(start, start + SUBJECTS_PER_CHUNK) for start in range(0, len(ready), SUBJECTS_PER_CHUNK)]
        for place, family in enumerate(self._families):
            if names and family.name not in names:
                continue
            head = family.head
            for part in parts or [slice(0)]:
                if family.is_live:
                    timed = zip(ready[part], times[part], strict=True)
                    written = [family.live_lines(lines, now) for lines, now in timed]
                else:
                    written = [lines.written[place] for lines in ready[part]]
                yield head + b"".join(written)
                head = b""


class _FamilyWriter(Generic[S]):
    """Writes one family; its labels are sorted by name, and those without a value are left out."""

    def __init__(self, base_labels: tuple[str, ...], family: Family[S] | LiveFamily[S]) -> None:
        self._family = family
        self._labels = sorted((name, place) for place, name in enumerate((*base_labels, *family.labels)))
        self.name = family.name
        self.is_live = isinstance(family, LiveFamily)
        self.head = f"# HELP {family.name} {family.help}\n# TYPE {family.name} gauge\n".encode()

    def lines(self, base: tuple[str, ...], subject: S) -> bytes:
        """Write a subject's samples ahead of any answer; none where they move with the clock."""
        if isinstance(self._family, LiveFamily):
            return b""
        return self._written(base, self._family.samples(subject))

    def live_lines(self, lines: SubjectLines[S], now: datetime) -> bytes:
        """Write what a subject's samples are at `now`."""
        family = self._family
        if isinstance(family, Family):
            return b""
        if family.basis is None:
            return "".join(
                [
                    f"{self._series_of(lines, values)} {floatToGoString(value)}\n"
                    for values, value in family.samples(lines.subject, now)
                ]
            ).encode()
        basis = family.basis(lines.subject, now)
        kept = lines.kept.get(self.name)
        if kept is None or kept[0] != basis:
            kept = basis, self._written(lines.base, family.samples(lines.subject, now))
            lines.kept[self.name] = kept
        return kept[1]

    def _written(self, base: tuple[str, ...], samples: Samples) -> bytes:
        return "".join(
            [f"{self._series(base + _escaped(values))} {floatToGoString(value)}\n" for values, value in samples]
        ).encode()

    def _series_of(self, lines: SubjectLines[S], values: tuple[str, ...]) -> str:
        if values:
            return self._series(lines.base + _escaped(values))
        if self.name not in lines.series:
            lines.series[self.name] = self._series(lines.base)
        return lines.series[self.name]

    def _series(self, label_values: tuple[str, ...]) -> str:
        if len(label_values) != len(self._labels):
            raise ValueError(f"{self.name} has {len(self._labels)} labels, not {len(label_values)}")
        labels = ",".join([f'{name}="{label_values[place]}"' for name, place in self._labels if label_values[place]])
        return f"{self.name}{{{labels}}}" if labels else self.name


def _escaped(label_values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([value.translate(_ESCAPES) for value in label_values])
