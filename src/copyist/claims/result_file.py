"""The results of claims on disk: one JSON file each."""

__all__ = ["read_result", "result_in", "write_result"]

import json
import re
from pathlib import Path
from typing import Any, cast

from copyist.claims.result import ClaimResult
from copyist.errors import DataError
from copyist.outputs import write_text


def write_result(path: Path, result: ClaimResult) -> None:
    """Write a result as one JSON file, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    text = json.dumps(result.to_document(), indent=1, ensure_ascii=False)
    # Numbers of one curve stand on one line.
    text = re.sub(r"\[\n\s+([\d\s.,eE+\-nul]*?)\n\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    write_text(path, text + "\n")


def read_result(path: Path) -> ClaimResult:
    """Read the result of a claim.

    Raises:
        DataError: the file is half-written or about something else, or another version of copyist wrote it.
    """
    result = result_in(path)
    if result is None:
        raise DataError(f"{path} is no result of a claim; delete it, or choose another folder with --out")
    return result


def result_in(path: Path) -> ClaimResult | None:
    """Read the result of a claim from a JSON file, or None where it is about something else.

    Raises:
        DataError: the file is half-written, or another version of copyist wrote it.
    """
    try:
        document: Any = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise DataError(f"{path} is no whole result of a claim; delete it, and run the claim again") from error
    if not isinstance(document, dict) or cast("dict[str, Any]", document).get("schema") != "copyist.claim":
        return None
    return ClaimResult.from_document(document, name=str(path))
