"""The model that compresses a picture, or decompresses a file: named, shipped, or found again by its fingerprint."""

__all__ = ["coder_of", "compressing_model", "decompressing_coder", "shipped_models"]

from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from pathlib import Path

from copyist.checkpoint import load
from copyist.compression.codec import ImageCoder
from copyist.errors import ArgumentError, DataError
from copyist.models.contracts import Compressor, Model, needs


def shipped_models() -> dict[str, Path]:
    """The files of the models that come with the package, by name; the first is the usual one."""
    folder = Path(str(resources.files("copyist.compression"))) / "shipped"
    return {path.stem: path for path in sorted(folder.glob("*.safetensors"))}


def compressing_model(
    model: Model | str | Path | None,
    *,
    verb: str,
    class_of: str | None = None,
    device: str | None = None,
    say: Callable[[str], None] | None = None,
) -> Compressor:
    """The model that is meant.

    Args:
        model: itself, its file or run, the name of one that is shipped, or None for the usual one.
        verb: that asks for it.
        class_of: as `load`.
        device: as `load`.
        say: as `load`.

    Raises:
        ArgumentError: none is shipped.
        ContractError: it is no compressor.
        CheckpointError: as `load`.
    """
    shipped = shipped_models()
    if isinstance(model, Model):
        return needs(model, Compressor, verb=verb)
    if model is None and not shipped:
        raise ArgumentError(
            f"{verb} needs a model, and none comes with this copyist; train one by the recipe image-codec, and give it "
            "by --model"
        )
    path = next(iter(shipped.values())) if model is None else shipped.get(str(model), model)
    return needs(load(path, class_of=class_of, device=device, say=say), Compressor, verb=verb)


def coder_of(model: Model | str | Path | None, *, verb: str, **options: str | None) -> ImageCoder:
    """What compresses by the model that is meant; a shipped one is read once.

    Raises:
        CopyistError: as `compressing_model`, or its training is not finished.
    """
    if model is None or (not isinstance(model, Model) and str(model) in shipped_models()):
        return _shipped_coder(None if model is None else str(model), verb, options.get("device"))
    return ImageCoder(compressing_model(model, verb=verb, **options))  # pyright: ignore[reportArgumentType]


def decompressing_coder(fingerprint: bytes, given: ImageCoder | None, *, device: str | None = None) -> ImageCoder:
    """What decompresses the files of a model: the one that was given, or else a shipped one.

    Args:
        fingerprint: of the model that wrote the file.
        given: takes its own files; None was not given.
        device: as `load`.

    Raises:
        DataError: it is neither; the text is a short reason.
    """
    if given is not None and given.fingerprint == fingerprint:
        return given
    for name in shipped_models():
        coder = _shipped_coder(name, "decompress", device)
        if coder.fingerprint == fingerprint:
            return coder
    known = "" if given is None else f", and the one that was given is {given.fingerprint.hex()}"
    raise DataError(f"it was written by the model {fingerprint.hex()}{known}; give the very model by --model")


@lru_cache(maxsize=8)
def _shipped_coder(name: str | None, verb: str, device: str | None) -> ImageCoder:
    return ImageCoder(compressing_model(name, verb=verb, device=device))
