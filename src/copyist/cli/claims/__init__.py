"""`copyist claims`: what copyist must show, measured; a command per file."""

__all__ = ["app"]

import typer

from copyist.cli.claims.gpu import gpu
from copyist.cli.claims.listing import list_claims
from copyist.cli.claims.report import report
from copyist.cli.claims.run import run
from copyist.cli.claims.train import train

app = typer.Typer(
    help="Measure what the sources claim, and report it with intervals and verdicts.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """Measure what the sources claim, and report it with intervals and verdicts."""


app.command("list", short_help="List the claims.")(list_claims)
app.command(short_help="Measure claims, all of them unless some are named.")(run)
app.command(short_help="Train the nets that claims share, before the claims.")(train)
app.command(short_help="Train the source's own sizes on one GPU, in calls of minutes.")(gpu)
app.command(short_help="Write pages on results: Markdown, figures, and one HTML file.")(report)
