"""With linear attention in parallel to residual connections, a U-Net copies noise that it would otherwise remove.

The source speaks of the U-Nets of diffusion models, which have linear attention at high and dot-product attention at
low resolution, "in parallel to residual connections", and says that its own "employs only linear attention". Those have
skips too; the source's own U-Net has none up to here, and nothing says that it gets them back, with which it would
learn the identity anyway. Judged is therefore the U-Net without skips, with linear attention added to what each level's
block gives. The same with skips, and the mixed one, stand beside it.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, gain, held_out, nearest_in_psnr
from copyist.claims.nets import attention_unet, brief_unet, photos
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor
from copyist.tensors import Images

NETS = ("linear", "plain", "plain_stopped", "skips", "linear_skips", "mixed", "mixed_skips")
SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Of the usual training, to find a plain net that copies no better than the one with attention."""

CLAIM = Claim(
    sentence="A U-Net with linear attention in parallel to residual connections, trained to copy, copies noise too and "
    "denoises less than the plain U-Net.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="gain",
            measure="projected gain at σ = 0.1 of the U-Net without skips and with linear attention at each level, "
            "held-out photographs, batches of 8",
            holds_when=Above(0.5),
        ),
        Part(
            name="gain_difference",
            measure="that gain minus the plain U-Net's, stopped where it copies clean photographs equally well",
            holds_when=Above(0.0),
        ),
        Part(
            name="blend_difference",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = 0.3, minus that of the plain U-Net stopped likewise",
            holds_when=Above(0.0),
        ),
        Part(
            name="gaussian_difference",
            measure="the same under zero-mean noise of σ = 0.2",
            holds_when=Above(0.0),
        ),
    ),
    controls=tuple(
        Control(name=f"{what}_{net}", measure=f"{words}, {net.replace('_', ', ')}, batches of 8")
        for net in NETS
        for what, words in (
            ("psnr", "clean PSNR, dB"),
            ("gain", "projected gain at σ = 0.1"),
            ("blend", "denoising ratio of the blend at α = 0.3"),
            ("gaussian", "denoising ratio at σ = 0.2"),
        )
        if (what, net) != ("gain", "linear")
    ),
)


def run(trial: Trial) -> Measurements:
    """Train all alike, and the plain one also for a shorter time, until it copies as the one with attention."""
    x = held_out(trial, photos(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    nets = {
        "linear": trial.trained(attention_unet(trial)),
        "plain": trial.trained(brief_unet(trial)),
        "skips": trial.trained(brief_unet(trial, skips=True)),
        "linear_skips": trial.trained(attention_unet(trial, skips=True)),
        "mixed": trial.trained(attention_unet(trial, attention="mixed")),
        "mixed_skips": trial.trained(attention_unet(trial, attention="mixed", skips=True)),
    }
    shares = trial.pick(smoke=SHARES[-1:], standard=SHARES, gpu=SHARES)
    stopped = [trial.trained(brief_unet(trial, share=share)) for share in shares]
    nets["plain_stopped"] = nearest_in_psnr(stopped, x, wanted=clean_psnr(nets["linear"], x))
    values: dict[str, float] = {}
    for net in NETS:
        values |= _numbers(net, nets[net], x, trial)
    for what in ("gain", "blend", "gaussian"):
        values[f"{what}_difference"] = values[f"{what}_linear"] - values[f"{what}_plain_stopped"]
    values["gain"] = values.pop("gain_linear")
    few = x[:8]
    noisy = GaussianNoise(0.2)(few, generator=trial.generator("picture"))
    rows = {"photograph": few, "noisy": noisy}
    rows |= {f"copied, {net.replace('_', ' ')}": copies(nets[net], noisy) for net in NETS}
    caption = "Copies of photographs with noise of σ = 0.2, by U-Nets that were trained to copy."
    return Measurements(values=values, pictures={"copies": Pictures(caption=caption, rows=rows)})


def _numbers(net: str, model: Reconstructor, x: Images, trial: Trial) -> dict[str, float]:
    return {
        f"psnr_{net}": clean_psnr(model, x),
        f"gain_{net}": gain(model, x, trial),
        f"blend_{net}": denoising_ratio(model, x, Blend(0.3), trial),
        f"gaussian_{net}": denoising_ratio(model, x, GaussianNoise(0.2), trial),
    }


EXPERIMENT = Experiment(claim=CLAIM, run=run)
