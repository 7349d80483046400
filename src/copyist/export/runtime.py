"""What runs models in a browser: two files of the package onnxruntime-web, from the user's npm or from a file."""

__all__ = ["NAME", "VERSION", "WebRuntime", "web_runtime"]

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import final

from copyist.data.cache import cache_folder
from copyist.errors import ExportError
from copyist.outputs import user_path, write_bytes

NAME = "onnxruntime-web"
"""The package, as npm knows it."""

VERSION = "1.30.0"
"""The one that pages are tested with."""

_INTEGRITY = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
"""Of the package, SHA-512 as npm states it."""

_SCRIPT, _WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
"""The smallest build that runs all operations on the CPU, in one thread or several."""

_SUMS = {
    _SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    _WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""Of the files, SHA-256."""

_PATIENCE = 600
"""Seconds that npm may take."""


@final
@dataclass(frozen=True, kw_only=True)
class WebRuntime:
    """The runtime, MIT License of Microsoft."""

    script: bytes
    """A module of JavaScript."""

    wasm: bytes


def web_runtime(given: str | Path | None = None) -> WebRuntime:
    """The pinned runtime, of which every byte is checked.

    Args:
        given: the package as npm packs it (`.tgz`), or a folder that holds its files; None takes those of an earlier
            call from the cache folder, and else asks the user's npm, once.

    Raises:
        ExportError: it is another version or damaged, there is no npm, or npm could not fetch it.
    """
    if given is not None:
        return _read(user_path(given))
    kept = cache_folder() / f"{NAME}-{VERSION}"
    if not all((kept / name).exists() for name in _SUMS):
        found = _fetch()
        write_bytes(kept / _SCRIPT, found.script)
        write_bytes(kept / _WASM, found.wasm)
    return _read(kept)


def _read(place: Path) -> WebRuntime:
    if not place.exists():
        raise ExportError(f"there is no {place}; give {NAME} {VERSION} as npm packs it, or a folder with its files")
    contents = _in_folder(place) if place.is_dir() else _in_archive(place)
    for name, total in _SUMS.items():
        if name not in contents:
            raise ExportError(f"{place} must hold {name} of {NAME} {VERSION}, and does not; give that package")
        if hashlib.sha256(contents[name]).hexdigest() != total:
            raise ExportError(f"{place} must hold {NAME} {VERSION}, got another {name}; give that version, undamaged")
    return WebRuntime(script=contents[_SCRIPT], wasm=contents[_WASM])


def _in_folder(folder: Path) -> dict[str, bytes]:
    found = {name: sorted(folder.rglob(name)) for name in _SUMS}
    return {name: paths[0].read_bytes() for name, paths in found.items() if paths}


def _in_archive(file: Path) -> dict[str, bytes]:
    try:
        with tarfile.open(file) as archive:
            members = {name: archive.extractfile(f"package/dist/{name}") for name in _SUMS}
            return {name: member.read() for name, member in members.items() if member is not None}
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise ExportError(
            f"{file} must be {NAME} {VERSION} as npm packs it, and cannot be read as that; give another copy, or leave "
            "--runtime out"
        ) from error


def _fetch() -> WebRuntime:
    """The package by the user's npm, which knows where packages come from."""
    npm = shutil.which("npm")
    if npm is None:
        raise ExportError(
            f"the page needs {NAME} {VERSION}, which npm fetches, and npm is not installed; install Node.js, or give "
            "the package (--runtime FILE.tgz)"
        )
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{NAME}@{VERSION}", "--silent"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ExportError(
                f"npm could not fetch {NAME} {VERSION} ({error}); try again, or give --runtime"
            ) from error
        packed = sorted(Path(folder).glob("*.tgz"))
        if done.returncode or not packed:
            said = " ".join((done.stderr or done.stdout).split())[:200] or f"exit code {done.returncode}"
            raise ExportError(
                f"npm could not fetch {NAME} {VERSION} ({said}); try again, or give the package (--runtime)"
            )
        if base64.b64encode(hashlib.sha512(packed[0].read_bytes()).digest()).decode() != _INTEGRITY:
            raise ExportError(
                f"{NAME} {VERSION} must have the integrity {_INTEGRITY[:12]}…, got another; fetch it anew"
            )
        return _read(packed[0])
