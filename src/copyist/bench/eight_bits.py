"""Copies by the demo's nets in eight bits, against the same files in float32: how much faster, and how much worse."""

__all__ = ["NETS", "EightBits", "EightBitsOfNet", "bench_eight_bits", "in_eight_bits", "onnx_file_copies"]

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from copyist.bench.measure import Turn, compare, machine, race
from copyist.bench.timings import JsonResult, Machine, Quartiles
from copyist.checkpoint import load
from copyist.checks import require
from copyist.data.opening import open_split
from copyist.drawing.text import text_table
from copyist.export.onnx_file import check_runtime, onnx_bytes, onnx_runner
from copyist.export.parts import find_part
from copyist.export.tracing import trace
from copyist.metrics.distortion import psnr
from copyist.tensors import Images

NETS = ("copier", "with-skips")
"""Of the demo: without skips, and with them."""

_CALIBRATION = 64
"""Training images that the ranges of activations are taken of."""

_BATCHES = 8
"""Of held-out images that copies are judged on."""


@final
@dataclass(frozen=True, kw_only=True)
class EightBitsOfNet:
    """One net in eight bits and in float32."""

    net: str
    batch: int
    rounds: int
    int8: Quartiles
    """Seconds a batch."""

    float32: Quartiles
    """Seconds a batch."""

    ratio: Quartiles
    """Float32 seconds over those of eight bits in the same round: how many times as fast eight bits are."""

    psnr_int8: float
    """Of copies beside held-out images, the mean in dB."""

    psnr_float32: float


@final
@dataclass(frozen=True, kw_only=True)
class EightBits(JsonResult):
    """What eight bits win and lose."""

    name: str = "export-int8"
    machine: Machine
    nets: tuple[EightBitsOfNet, ...]

    def __str__(self) -> str:
        headings = ("net", "batch", "rounds", "int8, ms", "float32, ms", "ratio", "(quartiles)", "int8, dB",
                    "float32, dB", "lost, dB")  # fmt: skip
        rows = [
            [
                *map(str, (row.net, row.batch, row.rounds)),
                f"{1000 * row.int8.median:.1f}",
                f"{1000 * row.float32.median:.1f}",
                f"{row.ratio.median:.2f}",
                f"({row.ratio.low:.2f}–{row.ratio.high:.2f})",
                f"{row.psnr_int8:.1f}",
                f"{row.psnr_float32:.1f}",
                f"{row.psnr_float32 - row.psnr_int8:.1f}",
            ]
            for row in self.nets
        ]
        return f"{self.name}: {self.machine}\n{text_table([headings, *rows], sides=('left', 'right'))}"


def bench_eight_bits(
    *,
    nets: Sequence[str] = NETS,
    batch: int = 32,
    rounds: int = 20,
    say: Callable[[str], None] = lambda sentence: None,
) -> EightBits:
    """Time copies of a batch of held-out images in eight bits and in float32, by turns, each in its own process; and
    judge them.

    Args:
        nets: of the demo.
        batch: images at once.
        rounds: turns of each, of five batches.
        say: takes one sentence a round.

    Raises:
        MissingExtraError: ONNX Runtime, or what writes its files, is not installed.
    """
    check_runtime()
    return EightBits(machine=machine(), nets=tuple(_of_net(net, batch=batch, rounds=rounds, say=say) for net in nets))


def in_eight_bits(content: bytes, x: Images) -> bytes:
    """An ONNX file of one input in eight bits, by ONNX Runtime's static quantization, with weights per channel.

    Args:
        content: of a net of images, in float32.
        x: (B, C, H, W), of which the ranges of activations are taken, 16 at a time.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
    """
    quantization: Any = require("onnxruntime.quantization", extra="export", purpose="eight bits")
    unsigned = quantization.QuantType.QUInt8  # Which ONNX Runtime is quick with on x86, and slow with signed ones.
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        before.write_bytes(content)
        logging.disable(logging.WARNING)  # Advice to run a preparation, which changes nothing for these nets.
        try:
            quantization.quantize_static(before, after, _Calibration(x), per_channel=True, activation_type=unsigned)
        finally:
            logging.disable(logging.NOTSET)
        return after.read_bytes()


def onnx_file_copies(content: bytes, x: Images, turn: Turn) -> None:
    """Copies of a batch by an ONNX file, for as long as `turn` allows."""
    run = onnx_runner(content)
    while True:
        run((x,))
        turn()


@final
class _Calibration:
    """Batches as ONNX Runtime asks for them."""

    def __init__(self, x: Images) -> None:
        self._batches: Iterator[Tensor] = iter(x.split(16))

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"x": batch.numpy()}


def _of_net(net: str, *, batch: int, rounds: int, say: Callable[[str], None]) -> EightBitsOfNet:
    say(f"{net}: exporting")
    model = load(Path(str(files("copyist.demo").joinpath("models", f"{net}.safetensors"))), device="cpu")
    part, source = find_part(model), model.trained_on.source
    float32 = onnx_bytes(part, trace(part), {})
    int8 = in_eight_bits(float32, open_split(source, default="train").examples()[:_CALIBRATION])
    held_out = open_split(source, default="test").examples()[: _BATCHES * batch]
    loops = (partial(onnx_file_copies, content, held_out[:batch]) for content in (int8, float32))
    times = compare(race(*loops, steps=5, rounds=rounds, say=say), width=0, size=0, batch=batch, flops=None)
    return EightBitsOfNet(
        net=net,
        batch=batch,
        rounds=times.rounds,
        int8=times.ours,
        float32=times.reference,
        ratio=times.ratio,
        psnr_int8=_psnr(int8, held_out, batch),
        psnr_float32=_psnr(float32, held_out, batch),
    )


def _psnr(content: bytes, x: Images, batch: int) -> float:
    run = onnx_runner(content)
    copies = torch.cat([run((part.contiguous(),))[0] for part in x.split(batch)])
    return float(psnr(copies.clamp(0, 1), x).mean())
