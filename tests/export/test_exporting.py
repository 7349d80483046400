"""A file computes what its model does, for batches and sizes that it was not exported at; or it is not written."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import onnx
import onnxscript
import pytest
import torch
from torch import Tensor, nn

from codecs_to_test import codec
from copyist.detection import Detector
from copyist.detection.measures import (
    Combined,
    CopyDistance,
    DenoisingError,
    LocalCodeDistance,
    LocalContrast,
    LocalError,
)
from copyist.detection.no_model import NoModel
from copyist.errors import ContractError, ExportError, MissingExtraError, OutputError, ShapeError, UnknownNameError
from copyist.export import Exported, export_model
from copyist.export.detectors import detector_part
from copyist.export.differing_layer import differing_layer
from copyist.export.onnx_file import onnx_runner
from copyist.export.parity import Run, check_parity
from copyist.export.part import Part, Value
from copyist.export.parts import find_part, part_names
from copyist.export.runtime import web_runtime
from copyist.export.tracing import trace
from copyist.models import (
    ConvClassifierConfig,
    MLPConfig,
    UNetConfig,
)
from copyist.models.contracts import Autoencoder, Compressor, Model, TrainedOn

from .conftest import fitted, made, run_onnx, run_torch

SHAPE = (3, 8, 12)
UNET = UNetConfig(channels=3, width=4, levels=2, convolutions=1)


def images(count: int, *size: int) -> Tensor:
    return torch.rand(count, 3, *size, generator=torch.Generator().manual_seed(count))


@pytest.fixture(scope="module")
def unet() -> Model:
    return made(UNET, image_shape=SHAPE)


@pytest.fixture(scope="module")
def exported(unet: Model, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    unet.train()
    return export_model(unet, tmp_path_factory.mktemp("onnx") / "unet.onnx")


@pytest.mark.slow
@pytest.mark.parametrize(("count", "size"), [(3, (8, 12)), (1, (8, 12)), (6, (8, 12)), (2, (20, 6))], ids=str)
def test_onnx_normalizes_by_the_batch_at_hand_whatever_its_number_and_size(
    exported: Exported, unet: Model, count: int, size: tuple[int, int]
) -> None:
    """The first and last examples alone would be normalized otherwise, as with running averages."""
    x = images(count, *size)
    with torch.no_grad():
        expected = unet.eval()(x)
    torch.testing.assert_close(run_onnx(exported.out, x=x)[0], expected, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_an_onnx_file_says_what_it_is(exported: Exported) -> None:
    proto = onnx.load(exported.out)
    onnx.checker.check_model(proto)
    sides = [[dim.dim_param or dim.dim_value for dim in x.type.tensor_type.shape.dim] for x in proto.graph.input]
    assert sides == [["batch", 3, "height", "width"]]
    said = {entry.key: entry.value for entry in proto.metadata_props}
    assert said["part"] == "whole"
    assert json.loads(said["inputs"]) == {"x": "images (B, C, H, W) in [0, 1], which noise may leave"}
    assert json.loads(said["model"])["kind"] == "unet"
    assert said["image_sizes"] == "multiples of 2"
    assert said["statistics"].startswith("of the batch")
    assert {case.batch for case in exported.cases["whole"]} == {1, 2, 3, 7}


@pytest.mark.slow
def test_the_model_is_left_in_the_mode_it_was_in(exported: Exported, unet: Model) -> None:
    assert exported.size == exported.out.stat().st_size
    part = find_part(unet.train(), "encoder")
    assert unet.training
    assert not part.model.training


def table_detector() -> Detector:
    """Fitted on rows near a plane, with a calibration of groups of one, two and three."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(180, 2, generator=generator) @ torch.randn(2, 5, generator=generator)
    x = x + 0.1 * torch.randn(x.shape, generator=generator)
    measure = Combined(measures=(CopyDistance(neighbors=0.05), DenoisingError(draws=2)))
    groups = torch.arange(60) // torch.tensor([1, 2, 3]).repeat(20)
    return fitted(made(MLPConfig(num_columns=5, widths=(7, 3))), measure, x, groups=groups)


@pytest.mark.slow
def test_a_detector_in_onnx_gives_the_same_p_values_and_flags(tmp_path: Path) -> None:
    detector = table_detector()
    found = export_model(detector, tmp_path / "detector.onnx")
    assert [value.name for value in found.parts[0].outputs] == ["anomaly", "p_value", "flagged", "column_parts"]
    rows = torch.randn(200, 5, generator=torch.Generator().manual_seed(1)) * torch.linspace(0.05, 2, 200)[:, None]
    anomaly, p_value, flagged, parts = run_onnx(found.out, x=rows)
    findings = detector(rows, parts=True)
    torch.testing.assert_close(anomaly, findings.anomaly, rtol=1e-4, atol=1e-5)
    assert 10 < int(flagged.sum()) < 190
    assert torch.equal(p_value, findings.p_value)
    assert torch.equal(flagged, findings.flagged)
    assert findings.parts is not None
    torch.testing.assert_close(parts, findings.parts, rtol=1e-4, atol=1e-5)


def image_detector(*, has_model: bool) -> Detector:
    """Of codes and copies, or of the contrasts of images alone."""
    if has_model:
        measure = Combined(measures=(LocalCodeDistance(layers=("down.0",)), LocalError(sigmas=(0.5,), noise=0.1)))
        return fitted(made(UNET, image_shape=SHAPE), measure, images(60, 8, 12))
    nothing = NoModel(TrainedOn(image_shape=SHAPE, batch_size=8))
    return fitted(nothing, LocalContrast(scales=(1.0,)), images(60, 8, 12))


@pytest.mark.slow
@pytest.mark.parametrize("has_model", [True, False], ids=["a model", "no model"])
def test_a_detector_of_images_leaves_with_its_heatmaps_and_judges_the_batch_it_is_given(
    has_model: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = image_detector(has_model=has_model)
    brightness = torch.linspace(0.6, 1, 5)[:, None, None, None]
    # One without a model measures contrasts, which are the same in any light.
    strange = images(5, 8, 12) * brightness if has_model else images(5, 8, 12) ** (5 * brightness - 2.5)
    program = trace(detector_part(detector))
    monkeypatch.setattr("copyist.export.exporting.trace", lambda part: program)
    findings = detector(strange, parts=True, batch_size=5)
    assert findings.parts is not None
    assert 0 < int(findings.flagged.sum()) < 5
    every = [run_onnx(export_model(detector, tmp_path / "detector.onnx").out, x=strange)]
    if has_model:
        every.append([*run_torch(export_model(detector, tmp_path / "detector.pt2", to="torch").out, strange)])
    for anomaly, p_value, flagged, heatmap in every:
        torch.testing.assert_close(anomaly, findings.anomaly, rtol=1e-4, atol=1e-5)
        assert torch.equal(p_value, findings.p_value)
        assert torch.equal(flagged, findings.flagged)
        torch.testing.assert_close(heatmap, findings.parts, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_a_codec_leaves_as_its_analysis_in_steps_of_rounding(tmp_path: Path) -> None:
    model = codec()
    assert isinstance(model, Compressor)
    assert {"analysis", "synthesis"} <= {*part_names(model)}
    path = export_model(model, tmp_path / "analysis.pt2", to="torch", part="analysis", size=(32, 48)).out
    x = torch.rand(2, model.channels, 48, 32)
    code = torch.cat([model.analyze(x[:1], quality=0), model.analyze(x[1:], quality=2)])
    torch.testing.assert_close(run_torch(path, x, torch.tensor([0, 2]))[0], code, rtol=1e-4, atol=1e-3)


@pytest.mark.slow
def test_a_classifier_in_onnx_names_the_same_classes_at_other_batches_than_exported(tmp_path: Path) -> None:
    """Exporters have kept the statistics of training, or the batch that was traced (pytorch 169178, 148886)."""
    config = ConvClassifierConfig(channels=3, num_classes=4, width=4, levels=2, statistics="running")
    model = made(config, image_shape=SHAPE).train()
    with torch.no_grad():
        # Running statistics away from where they begin, and from those of the batches below; and every class is named.
        model(3 * images(32, 8, 12) - 1)
        *_, head = (part for part in model.modules() if isinstance(part, nn.Linear))
        head.bias -= model.eval()(images(200, 8, 12)).mean(dim=0)
    path = export_model(model.train(), tmp_path / "classifier.onnx").out
    named = set[int]()
    for count in (1, 5, 64):
        x = images(count, 8, 12)
        with torch.no_grad():
            expected = model.eval()(x)
        logits, labels = run_onnx(path, x=x)
        torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)
        assert torch.equal(labels, expected.argmax(1))
        named |= set(labels.tolist())
    assert named == {0, 1, 2, 3}


class Branching(nn.Module):
    """A layer whose way depends on the values it is given."""

    def forward(self, h: Tensor) -> Tensor:
        return h if float(h.sum()) > 0 else -h


class Rooted(nn.Module):
    """A layer whose operation ONNX does not have."""

    def forward(self, h: Tensor) -> Tensor:
        return torch.special.i0e(h)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "to", "sentence"),
    [
        (Branching(), "torch", r"cannot trace UNet at the layer up\.output\.1"),
        (Rooted(), "onnx", r"one of the layer up\.output\.1 has none"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_leave_is_refused_by_the_layer(
    layer: nn.Module, to: str, sentence: str, tmp_path: Path
) -> None:
    model = made(UNET, image_shape=SHAPE)
    up = model.get_submodule("up")
    up.output = nn.Sequential(up.output, layer)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ExportError, match=sentence):
        export_model(model, tmp_path / f"x.{'onnx' if to == 'onnx' else 'pt2'}", to=to)  # pyright: ignore[reportArgumentType]
    assert not list(tmp_path.iterdir())


class Bounded(nn.Module):
    """A layer, a hyperbolic tangent, and a layer that does nothing."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.after = inner, nn.Identity()

    def forward(self, h: Tensor) -> Tensor:
        return self.after(torch.tanh(self.inner(h)))


def bounded(layer: Callable[[nn.Module], nn.Module]) -> Model:
    """An MLP of rows whose last layer of the encoder, encoder.3, has the hyperbolic tangent as well."""
    model = made(MLPConfig(num_columns=5, widths=(7, 3)))
    encoder = model.get_submodule("encoder")
    assert isinstance(encoder, nn.Sequential)
    encoder[3] = layer(encoder[3])
    return model


@pytest.mark.slow
def test_a_wrong_translation_of_one_operation_is_refused_by_its_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translations = {torch.ops.aten.tanh.default: onnxscript.opset18.Sigmoid}
    monkeypatch.setattr(torch.onnx, "export", partial(torch.onnx.export, custom_translation_table=translations))
    with pytest.raises(
        ExportError, match=r"on a batch of 3 of shape \(5,\), first at the layer encoder\.3\.1; nothing"
    ):
        export_model(bounded(lambda layer: nn.Sequential(layer, nn.Tanh())), tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("layer", "name"),
    [(Bounded, "encoder.3"), (lambda layer: nn.Sequential(layer, nn.Tanh()), "encoder.3.1"), (nn.Sequential, "")],
    ids=["between layers", "a layer", "none"],
)
def test_what_differs_is_traced_to_the_layer_that_was_running(
    layer: Callable[[nn.Module], nn.Module], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = find_part(bounded(layer))
    tanh = torch.tanh

    def build(part: Part) -> Run:
        def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
            with monkeypatch.context() as patch:
                patch.setattr(torch, "tanh", lambda h: 1.01 * tanh(h))
                return part(inputs)

        return run

    assert differing_layer(part, part.draw(4, part.shape), build) == name
    assert differing_layer(part, part.draw(4, part.shape), lambda part: onnx_runner(b"no file")) == ""


def tripled() -> Part:
    """x ↦ (3x, the larger of two)."""
    return Part(
        name="whole", what="", model=nn.Identity(), function=lambda x: (3 * x, x.argmax(1)),
        inputs=(Value(name="x", what=""),),
        outputs=(Value(name="y", what=""), Value(name="label", what="", is_decision=True)),
        draw=lambda count, shape: (torch.arange(count * 2.0).view(count, 2) % 5,), shape=(2,),
    )  # fmt: skip


def test_what_differs_in_values_labels_shape_or_at_another_batch_is_refused() -> None:
    part = tripled()
    assert max(case.difference for case in check_parity(part, part)) == 0
    with pytest.raises(ExportError, match=r"differs by 0\.001 on a batch of 3"):
        check_parity(part, lambda inputs: (3.003 * inputs[0], inputs[0].argmax(1)))
    with pytest.raises(ExportError, match="the same label as the model, and 3 of 3 differ"):
        check_parity(part, lambda inputs: (3 * inputs[0], 1 - inputs[0].argmax(1)))
    with pytest.raises(ExportError, match=r"y of shape \(7, 2\) for a batch of 7 .* got \(3, 2\)"):
        check_parity(part, lambda inputs: part([inputs[0][:3]]))
    with pytest.raises(ExportError, match="differs by nan"):
        check_parity(part, lambda inputs: (inputs[0] * torch.nan, inputs[0].argmax(1)))


@pytest.mark.slow
def test_what_differs_is_not_written_and_leaves_what_was_there(
    unet: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copyist.export.exporting.torch_runner", lambda content: lambda inputs: [inputs[0] + 1])
    (tmp_path / "x.pt2").write_text("before")
    with pytest.raises(ExportError, match="nothing was written"):
        export_model(unet, tmp_path / "x.pt2", to="torch", overwrite=True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_bad_requests_are_refused_before_any_work(unet: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="no format to export 'onx'; did you mean 'onnx'"):
        export_model(unet, tmp_path / "x.onnx", to="onx")  # pyright: ignore[reportArgumentType]
    with pytest.raises(OutputError, match=r"ends in \.pt2"):
        export_model(unet, tmp_path / "x.onnx", to="torch")
    (tmp_path / "there.pt2").touch()
    with pytest.raises(OutputError, match="--force"):
        export_model(unet, tmp_path / "there.pt2", to="torch")
    (tmp_path / "folder.pt2").mkdir()
    with pytest.raises(OutputError, match=r"folder\.pt2 is a folder, and an export is one file; choose another name$"):
        export_model(unet, tmp_path / "folder.pt2", to="torch", overwrite=True)
    with pytest.raises(ShapeError, match="multiples of 2, got 9x12"):
        export_model(unet, tmp_path / "x.pt2", to="torch", size=(9, 12))
    with pytest.raises(ContractError, match="analysis is a part of a codec after its training, and UNet is none"):
        export_model(unet, tmp_path / "x.pt2", to="torch", part="analysis")
    skips = made(UNetConfig(channels=3, width=4, levels=2, skips=True))
    with pytest.raises(ContractError, match="encoder is a part of a model with a code, and UNetSkips is none"):
        export_model(skips, tmp_path / "x.pt2", to="torch", part="encoder")
    with pytest.raises(ContractError, match="exported whole"):
        export_model(table_detector(), tmp_path / "x.pt2", to="torch", part="encoder")
    with pytest.raises(ContractError, match="the page works on images, and this model takes tables"):
        export_model(table_detector(), tmp_path / "x.html", to="web")
    without_model = image_detector(has_model=False)
    with pytest.raises(ContractError, match="a detector is exported at the size of its training"):
        export_model(without_model, tmp_path / "x.html", to="web", size=(16, 16))
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'copyist\[export\]'"):
        export_model(unet, tmp_path / "x.onnx")
    assert isinstance(unet, Autoencoder)


def test_a_runtime_that_is_no_package_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "package.tgz").write_text("no package")
    with pytest.raises(ExportError, match=r"cannot be read as that; give another copy, or leave --runtime out$"):
        web_runtime(tmp_path / "package.tgz")
