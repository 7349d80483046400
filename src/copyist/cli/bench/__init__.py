"""`copyist bench`: ours against plain loops and against peers, as ratios, in one run."""

__all__ = ["app"]

from functools import partial

import typer

from copyist.cli.bench.diffusion import diffusion
from copyist.cli.bench.generators import copying, first_stages, generators
from copyist.cli.bench.inference import denoising, exported, sample, walk, web
from copyist.cli.bench.page import page
from copyist.cli.bench.quality import codec, images, tables
from copyist.cli.bench.running import run_bench
from copyist.cli.bench.training import losses, roofline, scaling, shards, train, vae

app = typer.Typer(help="Measure our speed against plain reference loops, both in one run, as ratios.")


@app.callback(invoke_without_command=True)
def _every(context: typer.Context) -> None:
    """Measure our speed against plain reference loops, all of them unless one is named."""
    if context.invoked_subcommand is not None:
        return
    from copyist.bench.generation import bench_generation
    from copyist.bench.unet_training import bench_train
    from copyist.bench.vae_training import bench_vae

    for bench in (bench_train, partial(bench_generation, "sample"), partial(bench_generation, "walk"), bench_vae):
        run_bench(bench)


app.command(short_help="Time a step of training.")(train)
app.command(short_help="Hold a step of training against the machine's limits.")(roofline)
app.command(short_help="Compare what is learned in bf16 and in float32.")(losses)
app.command()(sample)
app.command()(walk)
app.command()(vae)
app.command(short_help="Time training or sampling of a diffusion model against diffusers.")(diffusion)
app.command("export", short_help="Time copies by an exported file.")(exported)
app.command(short_help="Read how fast an exported page denoises.")(web)
app.command("denoise", short_help="Time denoising a folder of pictures.")(denoising)
app.command(short_help="Time a step that several processes share.")(scaling)
app.command(short_help="Time a step of training on shards, or on a saved set.")(shards)
app.command(short_help="Write a page on what benchmarks measured.")(page)
app.command(short_help="Compare our detector of tables with others.")(tables)
app.command(short_help="Fit detectors of images, and score them on known defects.")(images)
app.command(short_help="Compare what diffusion models and a copier sample after equal budgets.")(generators)
app.command("first-stages", short_help="Compare ways to train the first stage of latent diffusion.")(first_stages)
app.command(short_help="Sample models that copy, in many ways.")(copying)
app.command(short_help="Compare our image codec with JPEG, WebP and AVIF.")(codec)
