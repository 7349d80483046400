"""The entry point: `copyist COMMAND`."""

__all__ = ["app", "main"]

import sys

import typer

from copyist.cli import (
    bench,
    corrupt,
    data,
    demo,
    encode,
    evaluate,
    info,
    listing,
    restore,
    sample,
    train,
    walk,
)
from copyist.errors import CopyistError

app = typer.Typer(
    name="copyist",
    help="Autoencoders trained by copying: one file that denoises, walks its manifold, and samples.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo.demo)
app.command()(train.train)
app.command()(restore.reconstruct)
app.command()(restore.denoise)
app.command()(encode.encode)
app.command()(walk.walk)
app.command()(sample.sample)
app.command()(corrupt.corrupt)
app.command()(evaluate.evaluate)
app.command()(info.info)
app.command()(listing.recipes)
app.command()(listing.models)
app.add_typer(data.app, name="data")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run a command; what copyist refuses or fails at is one sentence on stderr, and exit code 1."""
    try:
        app()
    except CopyistError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted")
    except MemoryError:
        _fail("there is not enough memory; take smaller images, fewer of them, or a smaller --batch")
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename or 'a file'} could not be used: {error.strerror or error}")
    except RuntimeError as error:
        # torch names a full memory in words of its own.
        if "out of memory" not in str(error) and "can't allocate memory" not in str(error):
            raise
        _fail("there is not enough memory; take smaller images, fewer of them, or a smaller --batch")


def _fail(sentence: str) -> None:
    sys.stderr.write(f"copyist: {' '.join(sentence.split())}\n")
    sys.exit(1)
