"""Eight bits are timed as ours against float32, and judged by what their copies lose."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from copyist.bench import eight_bits
from copyist.bench.measure import Loop, Machine, Times
from copyist.cli.bench.inference import exported
from copyist.data.opening import open_split
from copyist.errors import ArgumentError
from copyist.models import UNetConfig
from copyist.models.contracts import Model, TrainedOn


@pytest.mark.slow
def test_eight_bits_are_ours_and_both_are_judged_on_held_out_images(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = UNetConfig(channels=3, width=4, levels=1, convolutions=1).build().eval()
    model.trained_on = TrainedOn(image_shape=(3, 16, 16), batch_size=8, source="scenes?size=16&limit=200")
    files: list[bytes] = []

    def race(ours: Loop, reference: Loop, **_: object) -> Times:
        files.extend(loop.args[0] for loop in (ours, reference))  # type: ignore[attr-defined]
        return [0.1, 0.2, 0.1], [0.3, 0.3, 0.4]

    def load(path: Path, *, device: str) -> Model:
        assert path.name == "copier.safetensors"
        return model

    here = Machine(processor="", cores=1, threads=1, python="", torch="", float32_peak=1.0, bf16_peak=1.0)
    for name, value in (("race", race), ("load", load), ("machine", lambda: here)):
        monkeypatch.setattr(eight_bits, name, value)
    found = eight_bits.bench_eight_bits(nets=("copier",), batch=4, rounds=3)
    weights = [
        {onnx.numpy_helper.to_array(each).dtype for each in onnx.load_from_string(content).graph.initializer}
        for content in files
    ]
    assert np.dtype("int8") in weights[0]
    assert np.dtype("int8") not in weights[1]
    (row,) = found.nets
    assert (row.ratio.median, row.rounds) == (pytest.approx(3), 3)
    x = open_split(model.trained_on.source, default="test").examples()[:32]
    with torch.no_grad():
        copies = torch.cat([model(part) for part in x.split(4)]).clamp(0, 1)
    on_paper = -10 * (copies - x).square().flatten(1).mean(1).log10()
    assert row.psnr_float32 == pytest.approx(float(on_paper.mean()), abs=1e-3)
    assert 0 < abs(row.psnr_float32 - row.psnr_int8) < 3
    assert eight_bits.EightBits.from_json(found.to_json()) == found
    assert str(found).splitlines()[-1].split()[-1] == f"{row.psnr_float32 - row.psnr_int8:.1f}"


def test_the_nets_of_eight_bits_have_sizes_of_their_own() -> None:
    with pytest.raises(ArgumentError, match="at their own width and size; leave --width and --size out"):
        exported(int8=True, size=32)
    with pytest.raises(ArgumentError, match="leave --width and --size out"):
        exported(int8=True, width=[8])
