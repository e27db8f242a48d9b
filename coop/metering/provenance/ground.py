"""The ground of measurements, read at once for several of them: one query each instead of some for each measurement."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from itertools import chain

from coop.kit import documents
from coop.kit.documents import Content, Document, Schema, UnreadableDocument
from coop.kit.tx import Tx
from coop.metering.heat.documents import BASIS, Basis
from coop.metering.periods import store as periods
from coop.metering.periods.store import Measurement
from coop.metering.readings.days import Packed
from coop.metering.readings.documents import MANIFEST
from coop.metering.readings.store import Past, RegisterDay
from coop.values import CoopError, NotFound, say

TOGETHER = 500
"""Measurements that are read at once: their readings of a month are kept in memory."""
PARTS_KEPT = 2
"""Parts of so many measurements that stay in memory."""
BROKEN = (CoopError, *documents.UNREADABLE)
"""Outcome of reading a row that somebody wrote into."""


class ReadingsGone(CoopError):
    """Readings or inputs of a result are no longer there as they were."""


class Ground:
    """Measurements, their documents and the days that they were made of."""

    def __init__(self, tx: Tx, measurement_ids: Collection[str]) -> None:
        self._told = {one.id: one for one in periods.find_measurements(tx, measurement_ids)}
        hashes = {(one.basis_sha256, one.manifest_sha256) for one in self._told.values()}
        self._documents = documents.find_stored(tx, set(chain.from_iterable(hashes)))
        self._manifests = dict(self._read_manifests())
        self._past = Past(tx, self._manifests.values())

    def measurement(self, measurement_id: str) -> Measurement | None:
        """One of the measurements."""
        return self._told.get(measurement_id)

    def basis(self, told: Measurement) -> Basis:
        """The basis of a measurement besides the readings.

        Raises:
            ReadingsGone: it is no longer there as it was.
        """
        return self._open(BASIS, told.basis_sha256)

    def days(self, told: Measurement, exponents: Mapping[str, int]) -> dict[RegisterDay, Packed]:
        """The very days that a measurement was made of, in the resolution in which each register was read.

        Raises:
            ReadingsGone: one of them is no longer there as it was.
            ReadingsDetached: one of them is set aside.
        """
        manifest = self._manifests.get(told.manifest_sha256)
        if manifest is None:
            manifest = self._open(MANIFEST, told.manifest_sha256)
        return read_past(self._past, manifest, exponents)

    def _read_manifests(self) -> Iterator[tuple[str, Mapping[RegisterDay, int]]]:
        for told in self._told.values():
            with suppress(ReadingsGone):  # whoever asks for that one is told
                yield told.manifest_sha256, self._open(MANIFEST, told.manifest_sha256)

    def _open(self, schema: Schema[Content], sha256: str) -> Content:
        return open_document(schema, self._documents, sha256)


class WholeGround:
    """The ground of every measurement of a co-operative, read for many at a time in the order in which they were told.

    Bills of one month rest on neighbouring parts, and a correction on an older one: what was asked last stays.
    """

    def __init__(self, tx: Tx, others: Collection[str] = ()) -> None:
        """Read the ground of all but ``others`` together: nobody asks for those."""
        self._tx, ids = tx, [each for each in periods.list_measurement_ids(tx) if each not in others]
        parts = [tuple(ids[first : first + TOGETHER]) for first in range(0, len(ids), TOGETHER)]
        self._parts = {measurement_id: part for part in parts for measurement_id in part}
        self._grounds: dict[tuple[str, ...], Ground] = {}

    def of(self, measurement_id: str) -> Ground:
        """The ground of one measurement; that of it alone where what others rest on can no longer be read."""
        part = self._parts.get(measurement_id, ())
        ground = self._grounds.pop(part, None)
        if ground is None:
            try:
                ground = Ground(self._tx, part)
            except BROKEN:
                return Ground(self._tx, [measurement_id])
        self._grounds[part] = ground
        if len(self._grounds) > PARTS_KEPT:
            del self._grounds[next(iter(self._grounds))]
        return ground


def open_document(schema: Schema[Content], stored: Mapping[str, Document], sha256: str) -> Content:
    """Read one of the documents that are stored.

    Raises:
        ReadingsGone: it is gone, was changed or can no longer be read.
    """
    try:
        return schema.open(documents.take(stored, sha256))
    except (NotFound, UnreadableDocument) as gone:
        raise ReadingsGone("readings-gone", gone.message) from gone


def read_past(
    past: Past, manifest: Mapping[RegisterDay, int], exponents: Mapping[str, int]
) -> dict[RegisterDay, Packed]:
    """Days as a manifest names them.

    Raises:
        ReadingsGone: one of them is no longer there as it was.
        ReadingsDetached: one of them is set aside.
    """
    try:
        return past.exactly(manifest, exponents)
    except KeyError as gone:
        raise ReadingsGone("readings-gone", say("a day of readings is gone: %(gone)s", gone=str(gone))) from gone
