"""Planes of whole numbers, kept exactly: each value is predicted from known ones, and its error coded.

All that a decoder computes is of whole numbers. What it is told are weights of predictions, fitted to the very picture,
and histograms of errors by how active a neighborhood is.
"""

__all__ = ["decode_planes", "encode_planes"]

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from copyist.compression.coding import Decoder, Encoder, read_varint, varint
from copyist.compression.lattice import NUM_NEAR, Pass, passes
from copyist.compression.tokens import Histogram, from_tokens, to_tokens
from copyist.errors import DataError

Integers = npt.NDArray[np.int64]
Plane = npt.NDArray[Any]

_ONE = 2**12
"""What a weight of 1 is stored as."""

_PER_WEIGHT = 40
"""Values per weight that a fit needs."""

_PER_CONTEXT, _MOST_CONTEXTS = 2000, 12
"""Values per context of activity, and how many contexts there are at most."""

_MOST_SETTINGS = 2**22
"""Bytes of all that a decoder is told beside the values, at most."""


def encode_planes(planes: Sequence[Plane], helpers: Sequence[Plane], *, largest: int) -> bytes:
    """The bytes from which planes come back exactly.

    Args:
        planes: (H, W) each, whole numbers in [0, largest]; each helps to predict those after it.
        helpers: (H, W) each, one per plane, or none at all: what a decoder knows of it beforehand.
        largest: at most 65535.
    """
    work = _Work(planes, helpers, largest=largest)
    stream, settings, open_bits = Encoder(), bytearray(), bytearray()
    coded: list[tuple[Integers, Integers, list[Histogram]]] = []
    for step in passes(*planes[0].shape):
        for number, plane in enumerate(planes):
            values = step.of(plane)
            features, clues = work.features(step, number)
            prediction = _Prediction.fit(features, values, work.usual(step, number))
            predicted = prediction.apply(features, largest)
            errors = values - predicted
            activity = _Activity.fit(work.clues(clues, predicted), np.abs(errors))
            contexts = activity.contexts(work.clues(clues, predicted))
            step.put(work.found[number], np.abs(errors))
            tokens, bits = to_tokens(errors)
            found = [Histogram.of(tokens[contexts == each]) for each in range(activity.num_contexts)]
            settings += prediction.to_bytes() + activity.to_bytes() + b"".join(each.to_bytes() for each in found)
            open_bits += bits
            coded.append((tokens, contexts, found))
    for tokens, contexts, found in reversed(coded):
        stream.put(tokens, contexts, [each.table() for each in found])
    packed, words = zlib.compress(bytes(settings), 9), stream.to_bytes()
    return varint(len(packed)) + packed + varint(len(words)) + words + bytes(open_bits)


def decode_planes(
    data: bytes, helpers: Sequence[Plane], *, count: int, size: tuple[int, int], largest: int
) -> list[Plane]:
    """The planes, int32 (H, W) each, of bytes that `encode_planes` gave.

    Args:
        data: all of it.
        helpers: the same as then.
        count: of planes.
        size: (H, W).
        largest: the same as then.

    Raises:
        DataError: it is damaged.
    """
    length, at = read_varint(data, 0)
    settings = _unpacked(data[at : at + length])
    words, at = read_varint(data, at + length)
    if at + words > len(data):
        raise DataError("its stream ends before its length says")
    stream, at, place = Decoder(data[at : at + words]), at + words, 0
    planes = [np.zeros(size, np.int32) for _ in range(count)]
    work = _Work(planes, helpers, largest=largest)
    for step in passes(*size):
        for number, plane in enumerate(planes):
            features, clues = work.features(step, number)
            prediction, place = _Prediction.read(settings, place, features, work.usual(step, number))
            predicted = prediction.apply(features, largest)
            seen = work.clues(clues, predicted)
            activity, place = _Activity.read(settings, place, seen)
            contexts = activity.contexts(seen)
            found: list[Histogram] = []
            for _ in range(activity.num_contexts):
                histogram, place = Histogram.read(settings, place)
                found.append(histogram)
            errors, at = from_tokens(stream.take(contexts, [each.table() for each in found]), data, at)
            values = predicted + errors
            if values.min() < 0 or values.max() > largest:
                raise DataError("a value in it lies outside its range")
            step.put(plane, values)
            step.put(work.found[number], np.abs(errors))
    stream.check_end()
    if at != len(data) or place != len(settings):
        raise DataError("something stands behind its values")
    return list(planes)


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        settings = unpacker.decompress(data, _MOST_SETTINGS)
    except zlib.error as error:
        raise DataError("its settings are damaged") from error
    if not unpacker.eof or unpacker.unused_data:
        raise DataError("its settings are damaged")
    return settings


@final
class _Work:
    """What is known while planes are coded, the same for both sides."""

    def __init__(self, planes: Sequence[Plane], helpers: Sequence[Plane], *, largest: int) -> None:
        self._planes = planes
        self._helpers = helpers
        self._largest = largest
        self.found = [np.zeros(plane.shape, np.int32) for plane in planes]
        """The magnitudes of errors."""

    def features(self, step: Pass, number: int) -> tuple[Integers, list[Integers]]:
        """What values are predicted from, (N, K), and what is known of their activity before they are predicted."""
        own = [step.of(self._planes[number], each) for each in step.steps]
        columns, clues = [*own], [np.zeros(step.count, np.int64)]
        if own:
            clues = [np.abs(own[0] - own[3]), np.abs(own[1] - own[2]), np.abs(own[0] + own[3] - own[1] - own[2])]
            clues.append(sum(step.of(self.found[number], each) for each in step.steps[:NUM_NEAR]))  # type: ignore[arg-type]
        others = [*self._helpers[number : number + 1], *self._planes[:number]]
        for other in others:
            columns += [step.of(other), *(step.of(other, each) for each in step.steps[:NUM_NEAR])]
        clues += [step.of(errors) for errors in self.found[:number]]
        columns.append(np.full(step.count, max(1, self._largest // 16)))
        return np.stack(columns, axis=1), clues

    def usual(self, step: Pass, number: int) -> Integers:
        """Weights where values are too few to fit any: the mean of the nearest, and what another plane has more."""
        near = NUM_NEAR if step.steps else 0
        weights = [_ONE // 4] * near + [0] * (len(step.steps) - near)
        for place in range(len(self._helpers[number : number + 1]) + number):
            weights += [_ONE * (place == 0)] + [-_ONE // 4 * (place == 0)] * near
        return np.array([*weights, 0], dtype=np.int64)

    def clues(self, clues: Sequence[Integers], predicted: Integers) -> Integers:
        """What tells how active a neighborhood is, (N, K)."""
        return np.stack([*clues, np.minimum(predicted, self._largest - predicted)], axis=1)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Prediction:
    """Weights of features (K,); whether they were fitted."""

    weights: Integers
    fitted: bool

    @classmethod
    def fit(cls, features: Integers, values: Integers, usual: Integers) -> Self:
        if len(values) < _PER_WEIGHT * features.shape[1]:
            return cls(weights=usual, fitted=False)
        found = _least_squares(features, values)
        return cls(weights=np.rint(found * _ONE).clip(-32768, 32767).astype(np.int64), fitted=True)

    @classmethod
    def read(cls, data: bytes, at: int, features: Integers, usual: Integers) -> tuple[Self, int]:
        if len(features) < _PER_WEIGHT * features.shape[1]:
            return cls(weights=usual, fitted=False), at
        weights, at = _read_weights(data, at, features.shape[1])
        return cls(weights=weights, fitted=True), at

    def to_bytes(self) -> bytes:
        return self.weights.astype("<i2").tobytes() if self.fitted else b""

    def apply(self, features: Integers, largest: int) -> Integers:
        return np.clip((features @ self.weights + _ONE // 2) >> 12, 0, largest)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Activity:
    """Weights of clues (K,), and the sums from which each further context begins."""

    weights: Integers
    bounds: Integers
    fitted: bool

    @property
    def num_contexts(self) -> int:
        return len(self.bounds) + 1

    @classmethod
    def fit(cls, clues: Integers, magnitudes: Integers) -> Self:
        count = _num_contexts(len(clues))
        if count == 1:
            return cls(weights=np.ones(clues.shape[1], np.int64), bounds=np.zeros(0, np.int64), fitted=False)
        found = np.rint(_least_squares(clues, magnitudes) * _ONE).clip(-32768, 32767).astype(np.int64)
        bounds = np.quantile(clues @ found, np.arange(1, count) / count, method="lower")
        return cls(weights=found, bounds=np.maximum.accumulate(np.maximum(bounds, 0)).astype(np.int64), fitted=True)

    @classmethod
    def read(cls, data: bytes, at: int, clues: Integers) -> tuple[Self, int]:
        count = _num_contexts(len(clues))
        if count == 1:
            return cls(weights=np.ones(clues.shape[1], np.int64), bounds=np.zeros(0, np.int64), fitted=False), at
        weights, at = _read_weights(data, at, clues.shape[1])
        bounds = np.zeros(count - 1, np.int64)
        for place in range(count - 1):
            bounds[place], at = read_varint(data, at)
        return cls(weights=weights, bounds=bounds.cumsum(), fitted=True), at

    def to_bytes(self) -> bytes:
        if not self.fitted:
            return b""
        gaps = np.diff(self.bounds, prepend=0)
        return self.weights.astype("<i2").tobytes() + b"".join(varint(int(gap)) for gap in gaps)

    def contexts(self, clues: Integers) -> Integers:
        """The context of each value, (N,)."""
        return np.searchsorted(self.bounds, clues @ self.weights, side="right")


def _num_contexts(values: int) -> int:
    return max(1, min(_MOST_CONTEXTS, values // _PER_CONTEXT))


def _read_weights(data: bytes, at: int, count: int) -> tuple[Integers, int]:
    if at + 2 * count > len(data):
        raise DataError("its settings are damaged")
    return np.frombuffer(data, "<i2", count, at).astype(np.int64), at + 2 * count


def _least_squares(features: Integers, values: Integers) -> npt.NDArray[np.float64]:
    x = features.astype(np.float64)
    square = x.T @ x
    square += np.eye(len(square)) * (1e-6 * np.trace(square) / len(square) + 1e-9)
    return np.linalg.solve(square, x.T @ values)
