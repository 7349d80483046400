"""The entry point: `copyist COMMAND`."""

__all__ = ["app", "main"]

import io
import os
import signal
import sys
from importlib import metadata
from types import FrameType
from typing import Annotated

import typer

from copyist.cli import (
    bench,
    claims,
    compress,
    corrupt,
    data,
    demo,
    detect,
    encode,
    evaluate,
    explore,
    export,
    info,
    invert,
    layers,
    listing,
    psnr,
    restore,
    sample,
    train,
    walk,
)
from copyist.cli.launch import report_failure
from copyist.errors import CopyistError, InterruptionError
from copyist.memory import is_out_of_memory

NO_MEMORY = (
    "there is not enough memory; take smaller images (?size=32), fewer of them (?limit=1000), or smaller batches "
    "(--batch 8, or --set batch_size=8 in training)"
)

INTERRUPTED = 130
"""The exit code of a command that was stopped by Ctrl-C."""

_ENDED = 128 + signal.SIGTERM

app = typer.Typer(
    name="copyist",
    help="Autoencoders trained by copying: one file that denoises, walks its manifold, and samples.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"copyist {metadata.version('copyist')}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """What the program answers without a command."""


app.command(short_help="The essay in five minutes, as one page with every control.")(demo.demo)
app.command(short_help="Train a model by a recipe.")(train.train)
app.command(short_help="Copy images: the same files come out, as copies.")(restore.reconstruct)
app.command(short_help="Remove noise from images by copying them.")(restore.denoise)
app.command(short_help="Write the codes of images into an .npz file.")(encode.encode)
app.command(short_help="Walk along the manifold from images, as a video.")(walk.walk)
app.command(short_help="Reconstruct images from their representation at a layer.")(invert.invert)
app.command(short_help="Make images out of pure noise.")(sample.sample)
app.command(short_help="Make noisy images to denoise.")(corrupt.corrupt)
app.command(short_help="Compress images into small files.")(compress.compress)
app.command(short_help="Decompress files that 'compress' wrote.")(compress.decompress)
app.command(short_help="Measure models on held-out images, beside every control.")(evaluate.evaluate)
app.command(short_help="Print the mean PSNR of denoised pictures, as papers do.")(psnr.psnr)
app.command(short_help="Write a model for ONNX Runtime, for PyTorch alone, or as a page.")(export.export)
app.command(short_help="Denoise, walk and sample live, in a page on this machine.")(explore.explore)
app.command(short_help="Say what a model file or a compressed image holds.")(info.info)
app.command(short_help="List the layers of a model, which 'invert' takes.")(layers.layers)
app.command(short_help="List the recipes that 'copyist train' takes, or one with its settings.")(listing.recipes)
app.command(short_help="List the kinds of model, with their settings.")(listing.models)
app.add_typer(data.app, name="data")
app.add_typer(detect.app, name="detect", short_help="Find anomalies, with a stated rate of false alarms.")
app.add_typer(claims.app, name="claims", short_help="Measure what the sources claim.")
app.add_typer(bench.app, name="bench", short_help="Measure our speed against plain loops, as ratios.")


def main() -> None:
    """Run a command; what copyist refuses or fails at is one sentence on stderr, and exit code 1.

    What a signal has ended exits with 128 and its number, as shells do: 130 after Ctrl-C, 143 after SIGTERM.
    """
    if "LOCAL_RANK" not in os.environ:  # A launcher of several processes reads from their ends which one failed.
        signal.signal(signal.SIGTERM, _end)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name need not be text in the terminal's encoding, or in any.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="copyist")
    except InterruptionError as error:
        _fail(str(error), code=128 + error.signal)
    except CopyistError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted")
    except SystemExit as end:
        # The library of the command line takes Ctrl-C for itself, and prints nothing.
        if end.code in (INTERRUPTED, _ENDED):
            sys.stderr.write("copyist: interrupted\n" if end.code == INTERRUPTED else "copyist: ended by SIGTERM\n")
        raise
    except MemoryError:
        _fail(NO_MEMORY)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename or 'a file'} could not be used: {error.strerror or error}")
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        _fail(NO_MEMORY)


def _end(number: int, frame: FrameType | None) -> None:
    """Leave in order, so that nothing half-written stays."""
    sys.exit(_ENDED)


def _fail(sentence: str, *, code: int = 1) -> None:
    sentence = " ".join(sentence.split())
    if not report_failure(sentence, code=code):
        sys.stderr.write(f"copyist: {sentence}\n")
    sys.exit(code)
