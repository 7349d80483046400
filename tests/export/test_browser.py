"""The page of a model computes in a browser what the model computes, from a file as from a server."""

import base64
import csv
import json
import shutil
import socket
import threading
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from copyist.bench.chromium import BrowserPage, chromium, find_chromium
from copyist.data.fitting import fit_size
from copyist.data.source_options import Fit
from copyist.detection import fit_detector, load_detector
from copyist.detection.measures import LocalContrast, LocalError
from copyist.errors import ExportError
from copyist.evaluation.anomalies.detect import detect
from copyist.export import export_model
from copyist.export.runtime import web_runtime
from copyist.export.serving import PageServer
from copyist.models import (
    DiffusionUNetConfig,
    LatentDiffusionConfig,
    ModelConfig,
    UNetConfig,
    VariationalMLPConfig,
)
from copyist.models.contracts import Autoencoder, Diffusion, Model, Variational
from copyist.procedures.diffusion import DPMSolver, dpm_solver
from copyist.recipes.detectors import image_detector

from .conftest import fitted, made

SIDE = 16
UNTIL = """new Promise(go => {
  const look = () => (SEEN ? go(true) : setTimeout(look, 50));
  look();
})"""
"""What a page says is waited for."""

FOUND = """copyist.ready.then(async () => {
  const bytes = Uint8Array.from(atob("CONTENT"), letter => letter.charCodeAt(0));
  await open(new File([bytes], "picture.png"));
  while (judged !== picture) await new Promise(go => setTimeout(go, 20));
  return copyist.detect(picture);
})"""
"""What the page finds in a picture that is chosen, once it shows that."""

HEAT = "[...$('heat').getContext('2d').getImageData(0, 0, width, height).data]"

RESIZED = """new Promise(go => {
  const [passes, size] = ["passes", "size"].map(name => document.getElementById(name));
  passes.value = passes.max;
  const choose = left => {
    size.selectedIndex = left ? size.length - 1 - (left % 2) : 0;
    size.dispatchEvent(new Event("change"));
    setTimeout(left ? () => choose(left - 1) : go, 50);
  };
  choose(9);
})"""
"""Other sizes are chosen while copies of copies are made."""


@pytest.fixture(scope="module")
def model() -> Model:
    return made(UNetConfig(channels=3, width=4, levels=2, convolutions=1), image_shape=(3, SIDE, SIDE))


@pytest.fixture(scope="module")
def runtime() -> None:
    try:
        web_runtime()
    except ExportError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def page(runtime: None, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_model(model, tmp_path_factory.mktemp("web") / "page.html", to="web").out


def copy_in(browser: BrowserPage, x: Tensor, options: str = "{}") -> Tensor:
    values = json.dumps(x.flatten().tolist())
    found = browser.value_of(f"copyist.ready.then(() => copyist.copy({values}, {options})).then(y => [...y])")
    return torch.tensor(found).view(x.shape)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(find_chromium() is None, reason="needs a headless Chromium")
def test_the_page_copies_as_pytorch_does_and_loads_nothing(model: Model, page: Path, tmp_path: Path) -> None:
    assert isinstance(model, Autoencoder)
    x = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    wide = torch.rand(1, 3, 8, 20, generator=torch.Generator().manual_seed(1))
    with torch.no_grad(), chromium(tmp_path / "profile") as browser:
        browser.open(page.as_uri(), width=400)
        torch.testing.assert_close(copy_in(browser, x), model(x), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(copy_in(browser, wide, "{size: [8, 20]}"), model(wide), rtol=1e-4, atol=1e-5)
        workers = browser.value_of("copyist.ready")
        assert workers == browser.value_of("Math.min(2, navigator.hardwareConcurrency)")
        last = copy_in(browser, x, f"{{lane: {workers - 1}}}")
        torch.testing.assert_close(last, model(x), rtol=1e-4, atol=1e-5)
        # Noise in the code is of the stated size: a decoder of small steps is linear in it.
        moved = [copy_in(browser, x, f"{{noise: {noise}, seed: 5}}") - model(x) for noise in (1e-3, 2e-3)]
        torch.testing.assert_close(moved[1], 2 * moved[0], rtol=0.1, atol=2e-5)
        assert float(moved[0].abs().max()) > 1e-5

        browser.value_of(RESIZED)
        assert browser.value_of("document.getElementById('error').hidden")
        for name in ("walk", "sample"):
            browser.value_of(f"document.getElementById('tab-{name}').click()")
            browser.value_of(f"document.getElementById('{name}-run').click()")
            assert browser.value_of(UNTIL.replace("SEEN", f"/step [1-9]/.test($('{name}-step').textContent)"))
        assert browser.value_of("document.getElementById('error').hidden")
        assert browser.value_of("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert (
            browser.value_of("performance.getEntriesByType('resource').filter(e => /^http/.test(e.name)).length") == 0
        )
        assert browser.complaints == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(find_chromium() is None, reason="needs a headless Chromium")
def test_a_served_page_computes_in_several_threads_and_the_same(model: Model, page: Path, tmp_path: Path) -> None:
    server = PageServer()
    serving = threading.Thread(target=server.serve, args=(page.read_bytes(),))
    serving.start()
    try:
        x = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
        with torch.no_grad(), chromium(tmp_path / "profile") as browser:
            browser.open(server.address)
            torch.testing.assert_close(copy_in(browser, x), model(x), rtol=1e-4, atol=1e-5)
            assert browser.value_of("crossOriginIsolated")
            assert browser.value_of("copyist.ready") == browser.value_of("Math.min(4, navigator.hardwareConcurrency)")
    finally:
        server.stop()
        serving.join()
        server.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(find_chromium() is None, reason="needs a headless Chromium")
@pytest.mark.usefixtures("runtime")
def test_the_page_of_a_variational_model_samples_from_the_prior_of_its_codes(tmp_path: Path) -> None:
    shape = (3, 8, 12)
    model = made(VariationalMLPConfig(image_shape=shape, widths=(), code_size=64), image_shape=shape)
    assert isinstance(model, Variational)
    page = export_model(model, tmp_path / "page.html", to="web").out
    ask = "copyist.ready.then(() => copyist.fromPrior({seed: SEED})).then(({y, z}) => [[...y], [...z]])"
    with torch.no_grad(), chromium(tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        drawn = [[torch.tensor(each) for each in browser.value_of(ask.replace("SEED", str(seed)))] for seed in range(9)]
        for y, z in drawn:
            torch.testing.assert_close(y.view(1, *shape), model.decode(z[None]), rtol=1e-4, atol=1e-5)
        z = torch.stack([z for _, z in drawn])
        # 576 numbers: their mean lies within 5 standard errors of 0, and no two seeds have the same or the like.
        assert abs(float(z.mean())) < 5 / z.numel() ** 0.5
        assert abs(float(z.var()) - 1) < 5 * (2 / z.numel()) ** 0.5
        assert float((torch.corrcoef(z) - torch.eye(len(z))).abs().max()) < 0.6

        browser.value_of("document.getElementById('tab-sample').click()")
        browser.value_of("document.getElementById('seed').value = 7")
        browser.value_of("document.getElementById('sample-run').click()")
        assert browser.value_of(UNTIL.replace("SEEN", r"/of seed 7/.test($('sample-step').textContent)"))
        shown = browser.value_of("[...$('sampled').getContext('2d').getImageData(0, 0, 12, 8).data]")
        expected = 255 * drawn[7][0].view(shape).clamp(0, 1).permute(1, 2, 0)
        torch.testing.assert_close(torch.tensor(shown).view(8, 12, 4)[:, :, :3].float(), expected, rtol=0, atol=0.51)
        assert browser.value_of("$('seed').value") == "8"
        browser.value_of("$('way').value = 'copying'; $('way').onchange()")
        browser.value_of("document.getElementById('sample-run').click()")
        assert browser.value_of(UNTIL.replace("SEEN", r"/step [1-9]/.test($('sample-step').textContent)"))
        assert browser.value_of("document.getElementById('error').hidden")
        assert browser.complaints == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(find_chromium() is None, reason="needs a headless Chromium")
def test_the_page_brings_a_picture_to_a_size_as_the_library_does(page: Path, tmp_path: Path) -> None:
    fits: tuple[Fit, ...] = ("resize", "crop", "pad")
    sizes = [(SIDE, SIDE), (7, 5), (15, 5), (17, 5), (40, 24), (40, 33), (24, 40), (16, 33), (65, 16)]
    with chromium(tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        for number, size in enumerate(sizes):
            pixels = np.random.default_rng(number).integers(0, 256, (*size, 1), dtype=np.uint8)
            values = json.dumps(pixels.flatten().tolist())
            for fit in fits:
                found = browser.value_of(f"[...fitted(Uint8Array.from({values}), {[*size]}, '{fit}')]")
                expected = fit_size(pixels, (SIDE, SIDE), fit)
                np.testing.assert_array_equal(np.reshape(found, (SIDE, SIDE)), expected[:, :, 0])


def sampled(model: Diffusion, z: Tensor, *, steps: int, label: int, guidance: float) -> Tensor:
    """What the library's own sampler makes of noise, by a guided model."""

    def estimate(x: Tensor, sigma: float, label: int) -> Tensor:
        labels = None if label < 0 else torch.full((len(x),), label)
        found = model(model.center + model.spread * x, torch.full((len(x),), model.spread * sigma), labels)
        return (found - model.center) / model.spread

    def guided(x: Tensor, sigma: float) -> Tensor:
        free = estimate(x, sigma, -1)
        return free if label < 0 else free + guidance * (estimate(x, sigma, label) - free)

    sigmas = DPMSolver(steps=steps).sigmas(model)
    *_, state = dpm_solver(guided, sigmas[0] * z, sigmas)
    return model.from_space(model.center + model.spread * state.x)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(find_chromium() is None, reason="needs a headless Chromium")
@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize("space", ["images", "codes"])
def test_the_page_of_a_diffusion_model_samples_as_its_sampler_does(space: str, tmp_path: Path) -> None:
    shape = (3, SIDE, SIDE)
    denoiser = DiffusionUNetConfig(channels=3, width=4, levels=2, embedding=8, attention="none")
    config: ModelConfig = replace(denoiser, parameterization="edm", center=0.5, spread=0.25, num_classes=3)
    if space == "codes":
        stage = UNetConfig(channels=3, width=4, levels=2, convolutions=1, statistics="group", code_channels=2)
        of_codes = replace(denoiser, channels=None, of_codes=True)
        config = LatentDiffusionConfig(first_stage=stage, denoiser=of_codes).fitted(shape)
    model = made(config, image_shape=shape)
    assert isinstance(model, Diffusion)
    label = 1 if space == "images" else -1
    page = export_model(model, tmp_path / "page.html", to="web").out
    with torch.no_grad(), chromium(tmp_path / "profile") as browser:
        browser.open(page.as_uri(), width=400)
        options = f"{{seed: 3, steps: 5, label: {label}, guidance: 2}}"
        ask = f"copyist.ready.then(() => copyist.diffuse({options})).then(({{y, z}}) => [[...y], [...z]])"
        y, z = (torch.tensor(each) for each in browser.value_of(ask))
        expected = sampled(model, z.view(1, *model.space_shape(shape)), steps=5, label=label, guidance=2.0)
        torch.testing.assert_close(y.view(1, *shape), expected, rtol=1e-3, atol=1e-4)
        tabs = browser.value_of("[...document.querySelectorAll('[role=tab]')].map(tab => tab.id)")
        assert tabs == (["tab-denoise", "tab-sample"] if space == "images" else ["tab-sample"])
        if space == "images":
            x = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
            values = json.dumps(x.flatten().tolist())
            found = torch.tensor(browser.value_of(f"copyist.denoise({values}, 0.2).then(y => [...y])"))
            torch.testing.assert_close(found.view(x.shape), model(x, torch.tensor([0.2])), rtol=1e-3, atol=1e-4)
            assert browser.value_of(UNTIL.replace("SEEN", "/dB estimated/.test($('denoise-error').textContent)"))
        browser.value_of("$('tab-sample').click()")
        browser.value_of("$('seed').value = 3; $('steps').value = 5; $('class').value = -1; $('sample-run').click()")
        assert browser.value_of(UNTIL.replace("SEEN", "/sample of seed 3/.test($('sample-step').textContent)"))
        expected = sampled(model, z.view(1, *model.space_shape(shape)), steps=5, label=-1, guidance=1.0)
        shown = browser.value_of("[...$('sampled').getContext('2d').getImageData(0, 0, width, height).data]")
        pixels = torch.tensor(shown).view(SIDE, SIDE, 4)[:, :, :3].float()
        torch.testing.assert_close(pixels, 255 * expected[0].clamp(0, 1).permute(1, 2, 0), rtol=0, atol=0.6)
        # A seed that is chosen on the way is that of the next sample.
        assert browser.value_of("$('guidance').disabled")
        browser.value_of("$('seed').value = '1.5'; $('sample-run').click()")
        assert browser.value_of(UNTIL.replace("SEEN", "!$('error').hidden && !modes.sample.running"))
        assert browser.value_of("$('error').textContent") == "A seed is a whole number from 0 to 4294967295."
        browser.value_of("$('seed').value = 3; $('steps').value = 60; $('sample-run').click()")
        browser.value_of(UNTIL.replace("SEEN", "/seed 3, step/.test($('sample-step').textContent)"))
        browser.value_of("$('seed').value = 8")
        assert browser.value_of(UNTIL.replace("SEEN", "/sample of seed 3/.test($('sample-step').textContent)"))
        assert browser.value_of("$('seed').value") == "8"
        hidden = "[...document.querySelectorAll('.of-classes')].map(each => each.hidden)"
        assert browser.value_of(hidden) == [space == "codes"] * 2
        assert browser.value_of("$('state').parentElement.hidden") == (space == "codes")
        assert browser.value_of("$('error').hidden")
        assert browser.complaints == []


def folder_of_pictures(folder: Path, count: int, *, seed: int, spots: float = 0.0) -> Path:
    """Gray noise, some with a bright spot."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for number in range(count):
        pixels = rng.uniform(90, 150) + rng.normal(0, 4, (SIDE, SIDE))
        pixels[6:10, 6:10] += 90 * (rng.uniform() < spots)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
    return folder


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(find_chromium() is None, reason="needs a headless Chromium")
@pytest.mark.usefixtures("runtime")
def test_the_page_of_a_detector_without_a_model_finds_in_dropped_pictures_what_detect_run_finds(tmp_path: Path) -> None:
    good = f"{folder_of_pictures(tmp_path / 'good', 70, seed=0)}?calibration=0.4&size={SIDE}"
    recipe = image_detector(data=good)
    assert isinstance(recipe.measure, LocalContrast)
    fit_detector(replace(recipe, measure=replace(recipe.measure, scales=(1.0,))), out=tmp_path / "fitted")
    detector = load_detector(tmp_path / "fitted", device="cpu")
    pictures = folder_of_pictures(tmp_path / "pictures", 4, seed=4, spots=0.5)
    wide = np.random.default_rng(5).uniform(60, 200, (2 * SIDE + 5, 3 * SIDE)).astype(np.uint8)
    Image.fromarray(wide).save(pictures / "wide.png")
    detect(detector, pictures, out=tmp_path / "found")
    with (tmp_path / "found" / "anomalies.csv").open() as file:
        lines = {line["name"]: line for line in csv.DictReader(file)}
    assert {line["flagged"] for line in lines.values()} == {"0", "1"}
    page = export_model(detector, tmp_path / "page.html", to="web").out
    with chromium(tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        assert browser.value_of("[...document.querySelectorAll('[role=tab]')].map(tab => tab.id)") == ["tab-detect"]
        panels = "[...document.querySelectorAll('[role=tabpanel]')].map(panel => panel.hidden)"
        assert browser.value_of(panels) == [False, True, True, True]
        last = torch.empty(0)
        for name, line in sorted(lines.items(), key=lambda item: float(item[1]["anomaly"])):
            content = base64.b64encode((pictures / name).read_bytes()).decode()
            found = browser.value_of(FOUND.replace("CONTENT", content))
            assert found["anomaly"] == pytest.approx(float(line["anomaly"]), rel=1e-4)
            assert found["pValue"] == pytest.approx(float(line["p_value"]), rel=1e-6)
            assert found["flagged"] == (line["flagged"] == "1")
            heat = torch.tensor([*found["heat"].values()]).view(SIDE, SIDE)
            pixels = fit_size(np.array(Image.open(pictures / name))[:, :, None], (SIDE, SIDE), "crop")
            x = torch.tensor(pixels) / 255
            expected = detector.parts(x.view(1, 1, SIDE, SIDE))
            assert expected is not None
            torch.testing.assert_close(heat, expected[0], rtol=1e-3, atol=1e-4)
            told = browser.value_of("$('treatment').textContent")
            assert told == (
                "The picture was cut to its middle and scaled from 48 by 37 to 16 by 16 pixels. "
                if name == "wide.png"
                else ""
            )
            words = "Flagged: anomaly" if found["flagged"] else "Not flagged: anomaly"
            assert browser.value_of("$('finding').textContent").startswith(words)
            last = heat
        colors = torch.tensor(browser.value_of(HEAT)).view(SIDE, SIDE, 4)
        # The strangest is red where its heat is greatest, and gray where that is no more than in half of its pixels.
        red, _, blue, _ = colors.flatten(0, 1)[last.argmax()].tolist()
        assert red > 2 * blue
        gray = colors[last <= last.median()]
        assert torch.equal(gray[:, 0], gray[:, 2])
        assert browser.value_of("$('error').hidden")
        assert browser.complaints == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(find_chromium() is None, reason="needs a headless Chromium")
@pytest.mark.usefixtures("runtime")
def test_the_page_of_a_detector_with_a_model_detects_and_copies(model: Model, tmp_path: Path) -> None:
    detector = fitted(model, LocalError(sigmas=(0.5,), noise=0.1), torch.rand(60, 3, SIDE, SIDE))
    page = export_model(detector, tmp_path / "page.html", to="web").out
    x = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    findings = detector(x, parts=True, batch_size=1)
    assert findings.parts is not None
    with torch.no_grad(), chromium(tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        found = browser.value_of(f"copyist.ready.then(() => copyist.detect({json.dumps(x.flatten().tolist())}))")
        assert found["anomaly"] == pytest.approx(float(findings.anomaly), rel=1e-4)
        assert (found["pValue"], found["flagged"]) == (float(findings.p_value), bool(findings.flagged))
        heat = torch.tensor([*found["heat"].values()]).view(1, SIDE, SIDE)
        torch.testing.assert_close(heat, findings.parts, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(copy_in(browser, x), model.eval()(x), rtol=1e-4, atol=1e-5)
        tabs = browser.value_of("[...document.querySelectorAll('[role=tab]')].map(tab => tab.id)")
        assert tabs == ["tab-detect", "tab-denoise", "tab-walk", "tab-sample"]
        browser.value_of("$('tab-denoise').click()")
        assert browser.value_of(UNTIL.replace("SEEN", "/dB copied/.test($('denoise-error').textContent)"))
        assert browser.complaints == []


def test_a_server_is_of_this_machine_and_bears_a_browser_that_leaves_early(capfd: pytest.CaptureFixture[str]) -> None:
    server, page = PageServer(), b"the page" * 10**6
    assert server.address.startswith("http://127.0.0.1:")
    serving = threading.Thread(target=server.serve, args=(page,))
    serving.start()
    try:
        port = int(server.address.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as leaving:
            leaving.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with urlopen(server.address) as answer:
            assert answer.read() == page
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    finally:
        server.stop()
        serving.join()
        server.close()
    assert capfd.readouterr().err == ""


def test_a_runtime_that_is_not_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExportError, match="there is no"):
        web_runtime(tmp_path / "missing.tgz")
    (tmp_path / "other.tgz").write_text("no archive")
    with pytest.raises(ExportError, match="as npm packs it, and cannot be read"):
        web_runtime(tmp_path / "other.tgz")
    with pytest.raises(ExportError, match=r"must hold ort\.wasm\.bundle\.min\.mjs"):
        web_runtime(tmp_path)
    for name in ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"):
        (tmp_path / name).write_text("another")
    with pytest.raises(ExportError, match="got another ort"):
        web_runtime(tmp_path)
    monkeypatch.setenv("COPYIST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ExportError, match="npm is not installed; install Node"):
        web_runtime()
