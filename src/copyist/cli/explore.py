"""`copyist explore`."""

__all__ = ["explore"]

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from copyist.cli.export import Runtime, Size, open_exported, parse_size
from copyist.cli.options import ClassOf, Model


def explore(
    model: Model,
    port: Annotated[int, typer.Option("--port", help="Of the address; any that is free unless given.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    size: Size = None,
    runtime: Runtime = None,
    class_of: ClassOf = None,
) -> None:
    """Serve a page to this machine that denoises, walks and samples live, or detects, as 'export --to web' makes it."""
    import webbrowser

    from copyist.export import export_model
    from copyist.export.serving import PageServer

    sides = parse_size(size)
    server = PageServer(port=port)
    network = open_exported(model, class_of=class_of)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "explore.html"
        export_model(network, place, to="web", size=sides, runtime=runtime)
        page = place.read_bytes()

    sys.stdout.write(f"{server.address}\n")
    sys.stdout.flush()
    sys.stderr.write("the model is served to this machine until Ctrl-C\n")
    if not no_browser:
        webbrowser.open(server.address)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve(page)
    server.close()
