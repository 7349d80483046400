"""Which model wrote a file: a hash of all that decoding depends on."""

__all__ = ["fingerprint_of"]

import hashlib

from copyist.models.contracts import Compressor


def fingerprint_of(model: Compressor) -> bytes:
    """8 bytes: equal for two models only if they decode alike, whatever their analyses are.

    It is of the weights as float32, so that a model moved to another device or precision and back keeps its own.
    """
    digest = hashlib.sha256(b"copyist codec 1")
    for name, tensor in sorted(model.decoding_state().items()):
        values = tensor.detach().cpu()
        kind = "<f4" if values.is_floating_point() else "<i4"
        digest.update(f"{name}{tuple(values.shape)}{kind}".encode())
        digest.update((values.float() if kind == "<f4" else values).numpy().astype(kind).tobytes())
    return digest.digest()[:8]
