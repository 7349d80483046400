"""The comparison of codecs: the anchors of its protocol, and a folder of pictures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codecs_to_test import codec
from copyist.baselines.picture_codecs import LOSSY_CODECS, at_size
from copyist.bench.codec import CodecBench, bench_codec
from copyist.checkpoint import MODEL_CATALOGUES, Header, save
from copyist.errors import ArgumentError
from copyist.evaluation.compressed import rate_distortion
from copyist.evaluation.compressed.rate_distortion import CodecCurve, CodecPoint
from copyist.settings import dump

KODAK = Path(__file__).parents[2] / ".." / "shared" / "data" / "kodak"


def picture(seed: int) -> np.ndarray:
    down, across = np.mgrid[:48, :64]
    noise = np.random.default_rng(seed).normal(0, 6, (48, 64, 3))
    waves = np.stack([np.sin(down / (4 + each + seed)) + np.cos(across / 7) for each in range(3)], axis=2)
    return (127 + 50 * waves + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.slow
def test_codecs_are_measured_on_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_distortion, "_SETTINGS", dict.fromkeys(LOSSY_CODECS, (20, 60)))
    for seed in range(2):
        Image.fromarray(picture(seed)).save(tmp_path / f"{seed}.png")
    model = tmp_path / "model.safetensors"
    save(model, codec(), Header(model=dump(codec().config, MODEL_CATALOGUES), batch_size=8))
    said: list[str] = []
    found = bench_codec(str(tmp_path), models=[str(model)], effort=1, say=said.append)
    assert [curve.codec for curve in found.curves] == ["copyist", "copyist, effort 1", *LOSSY_CODECS]
    jpeg = next(curve for curve in found.curves if curve.codec == "JPEG")
    sizes = [len(LOSSY_CODECS["JPEG"].encode(picture(seed), 60)) for seed in range(2)]
    assert jpeg.points[1].bits_per_pixel == pytest.approx(np.mean(sizes) * 8 / (48 * 64))
    optimized = next(curve for curve in found.curves if curve.codec == "JPEG, optimized")
    assert optimized.against(jpeg, rates=None) < -5
    document = json.loads(found.to_json())
    assert document["num_pictures"] == 2
    assert len(document["models"]) == 1
    assert (document["source"], document["model_names"]) == (str(tmp_path), [str(model)])
    assert "BD-rate" in str(found)
    assert found.machine is not None
    assert str(found.machine) in str(found)


def test_pictures_that_come_back_as_they_were_have_no_finite_psnr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One gray level throughout: every codec keeps it, at a PSNR that JSON cannot hold."""
    monkeypatch.setattr(rate_distortion, "_SETTINGS", dict.fromkeys(LOSSY_CODECS, (60, 90)))
    (tmp_path / "in").mkdir()
    Image.new("RGB", (20, 16), (128, 128, 128)).save(tmp_path / "in" / "a.png")
    model = tmp_path / "model.safetensors"
    save(model, codec(), Header(model=dump(codec().config, MODEL_CATALOGUES), batch_size=8))
    found = bench_codec(str(tmp_path / "in"), models=[str(model)], say=lambda _: None)
    document = json.loads(found.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    jpeg = next(curve for curve in document["curves"] if curve["codec"] == "JPEG")
    assert [point["psnr"] for point in jpeg["points"]] == ["inf", "inf"]
    assert all(each["everywhere"] is None for each in document["bd_rates"] if each["against"] == "JPEG")
    assert "∞" in str(found)


def test_a_bd_rate_leaves_out_points_that_do_not_rise() -> None:
    def curve(*points: tuple[float, float]) -> CodecCurve:
        made = [
            CodecPoint(
                quality=1, bits_per_pixel=rate, psnr=psnr, ms_ssim=None, encode_megapixels=1, decode_megapixels=1
            )
            for rate, psnr in points
        ]
        return CodecCurve(codec="x", points=tuple(made))

    straight = curve((0.1, 20), (0.2, 25), (0.4, 30), (0.8, 35))
    bent = curve((0.05, 20), (0.1, 25), (0.15, 24), (0.2, 30), (0.4, 35))
    assert bent.against(straight) == pytest.approx(-50)
    assert np.isnan(straight.against(curve((0.1, 50), (0.2, 60))))


def test_the_file_nearest_to_a_size_is_that_of_an_exhaustive_search() -> None:
    jpeg = LOSSY_CODECS["JPEG"]
    sizes = {quality: len(jpeg.encode(picture(0), quality)) for quality in jpeg.qualities}
    for size in (100, 1200, 2000, 10**6):
        data, quality = at_size(jpeg, picture(0), size)
        assert len(data) == sizes[quality]
        assert abs(len(data) - size) == min(abs(each - size) for each in sizes.values())


def test_speed_is_told_beside_that_of_the_jpeg_whose_files_are_nearest_in_size() -> None:
    def curve(codec: str, *points: tuple[float, float, float]) -> CodecCurve:
        made = [
            CodecPoint(
                quality=7, bits_per_pixel=rate, psnr=30, ms_ssim=None, encode_megapixels=into, decode_megapixels=back
            )
            for rate, into, back in points
        ]
        return CodecCurve(codec=codec, points=tuple(made))

    ours, jpeg = curve("copyist", (0.4, 5.0, 6.0)), curve("JPEG", (0.1, 90.0, 90.0), (0.5, 100.0, 200.0))
    found = CodecBench(num_pictures=1, effort=0, models=("ab",), curves=(ours, jpeg))
    rows = [line.split() for line in str(found).splitlines()]
    assert next(cells for cells in rows if cells[:1] == ["copyist"])[-4:] == ["5.0", "6.0", "0.050", "0.030"]
    alone = str(replace(found, curves=(ours,))).splitlines()
    assert next(line for line in alone if line.startswith("copyist")).split()[-2:] == ["–", "–"]


@pytest.mark.slow
@pytest.mark.skipif(not KODAK.exists(), reason="needs Kodak's pictures")
def test_jpeg_on_kodak_is_where_the_field_has_it() -> None:
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(KODAK.glob("*.png"))[:12]]
    for quality, expected in ((5, 0.225), (10, 0.330), (15, 0.424), (20, 0.508)):
        rates = [8 * len(LOSSY_CODECS["JPEG"].encode(each, quality)) / each[:, :, 0].size for each in pictures]
        assert np.mean(rates) == pytest.approx(expected, abs=5e-4)


def test_a_model_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ArgumentError, match="must name each model once, got photos-1 more than once"):
        bench_codec("anywhere", models=["photos-1", "photos-1"], say=lambda _: None)
