"""Every command from files to files, and what it says of them."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import png
import pytest
import torch
from PIL import ExifTags, Image, ImageCms
from typer.main import get_command

import copyist as library
from copyist.cli.app import app
from copyist.corruption import Blend, GaussianNoise
from copyist.data import read_pictures
from copyist.demo.chapters import Scale
from copyist.errors import CopyistError
from copyist.evaluation.evaluation import Evaluation
from copyist.procedures import ImplicitPrior, Langevin, Method, NoDiffusion, Prior, Walkback, named_method
from copyist.randomness import generator
from copyist.recipes import RECIPES, configured
from copyist.settings import dump
from copyist.training import CATALOGUES

from .conftest import BATCH, Trained, copyist, inside, noise, shown

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def commands(group: Any, *parents: str) -> list[str]:
    """All commands and sub-commands, as they are typed."""
    names = [(*parents, name) for name in getattr(group, "commands", {})]
    below = [each for name in names for each in commands(group.commands[name[-1]], *name)] if names else []
    return [" ".join(name) for name in names] + below


COMMANDS = commands(get_command(app))
FORMATS = {".mp4": b"ftyp", ".gif": b"GIF89a", ".webp": b"WEBP", ".png": b"PNG"}


def test_help_of_every_command_is_one_sentence_and_imports_no_torch() -> None:
    script = (
        "import sys, warnings; from typer.testing import CliRunner; from copyist.cli.app import app\n"
        "for line in sys.argv[1:]:\n"
        "    answer = CliRunner().invoke(app, [*line.split(), '--help'])\n"
        "    assert answer.exit_code == 0, line\n"
        "    print(' '.join(answer.output.split()))\n"
        "assert not {'torch', 'numpy', 'PIL', 'accelerate'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *COMMANDS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for line, text in zip(COMMANDS, done.stdout.splitlines(), strict=True):
        sentence = text.partition("[ARGS]... " if line in ("data", "bench") else "... ")[2] or text
        sentence = sentence.partition(" Arguments:")[0].partition(" Options:")[0]
        assert sentence.endswith("."), (line, sentence)


def test_every_command_is_summed_up_in_a_line_that_is_not_cut() -> None:
    for line in ((), ("data",), ("bench",)):
        text = copyist(*line, "--help").stdout
        assert "..." not in text.partition("Commands:")[2]


@pytest.mark.parametrize("line", [["bogus"], ["train"], ["denoise", "model"], ["sample", "m", "--out", "x", "--no"]])
def test_wrong_usage_is_said_and_exits_with_2(line: list[str]) -> None:
    answer = copyist(*line)
    assert answer.code == 2
    assert answer.stdout == ""
    assert "Usage: copyist" in answer.stderr


@pytest.mark.parametrize("seed", ["abc", "-1", "1.5", ""])
def test_a_seed_that_is_no_whole_number_is_wrong_usage(seed: str, tmp_path: Path) -> None:
    answer = copyist("train", "unet", "--out", tmp_path / "run", "--seed", seed)
    assert answer.code == 2
    assert f"a seed must be a whole number of at least 0, got {seed!r}" in answer.stderr
    assert inside(tmp_path) == {}


def test_a_run_leaves_model_history_state_samples_and_tensorboard_events(trained: Trained) -> None:
    run = trained("gray")
    assert {path.name for path in run.iterdir()} == {
        "model.safetensors",
        "history.csv",
        "state",
        "samples",
        "tensorboard",
    }
    header, *rows = (run / "history.csv").read_text().splitlines()
    assert header == "step,loss,validation_loss,learning_rate,seconds"
    assert rows[-1].startswith("20,")
    assert [path.suffix for path in (run / "samples").iterdir()] == [".png"]
    assert any("tfevents" in path.name for path in (run / "tensorboard").iterdir())


def test_train_says_as_json_what_history_says_and_force_trains_again_to_the_same_bytes(tmp_path: Path) -> None:
    line = ["train", "unet", "--data", "digits?size=16&limit=40", "--out", tmp_path / "run", "--steps", 2, "--json"]
    line += ["--set", "model.width=2", "--set", "levels=2", "--set", "batch_size=4"]
    result = copyist(*line).result
    assert (result["steps"], result["batch_size"]) == (2, 4)
    last = (tmp_path / "run/history.csv").read_text().splitlines()[-1].split(",")
    assert float(last[2]) == result["validation_loss"]
    weights = library.load(tmp_path / "run").state_dict()
    assert "holds a run already; add --resume to go on with it, or --force" in copyist(*line).sentence
    assert copyist(*line, "--force").code == 0
    again = library.load(tmp_path / "run").state_dict()
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert copyist("info", tmp_path / "run", "--json").result["model"]["width"] == 2


def test_resume_goes_on_as_the_run_was_started_and_to_more_steps(tmp_path: Path) -> None:
    line = ["train", "unet", "--data", "digits?size=16&limit=40", "--out", tmp_path / "run"]
    line += ["--set", "width=2", "--set", "levels=2", "--set", "batch_size=4", "--steps", 2]
    assert copyist(*line).code == 0
    assert copyist(*line, "--resume").code == 0
    alone = copyist("train", "--resume", "--out", tmp_path / "run", "--json").result
    assert (alone["steps"], alone["batch_size"]) == (2, 4)
    more = copyist("train", "unet", "--resume", "--out", tmp_path / "run", "--steps", 3, "--json")
    assert more.result["steps"] == 3
    assert "note: the run goes on to 3 steps in place of 2; after step 2 the learning rate follows" in more.stderr
    assert copyist("info", tmp_path / "run", "--json").result["recipe"]["training"]["steps"] == 3
    line[-1] = 3
    place = f"the run in {tmp_path / 'run'}"
    for changed, sentence in (
        (("--seed", 1), f"{place} was started with seed 0, got 1; resume it with --seed 0"),
        (
            ("--set", "learning_rate=0.5"),
            f"{place} was started with learning_rate=0.003, got 0.5; start another run from its weights in another "
            f"folder (--from {tmp_path / 'run'})",
        ),
        (("--steps", 2), f"steps must be at least the 3 that {place} has taken, got 2; take --steps 3"),
    ):
        assert copyist(*line, "--resume", *changed).sentence == sentence
    vae = copyist("train", "vae", "--resume", "--out", tmp_path / "run").sentence
    assert vae == f"{place} is one of the recipe unet, got vae; leave the recipe out to resume it"
    assert copyist("train", "--out", tmp_path / "other").sentence.startswith("a recipe must be given to be trained")


def test_a_classifier_is_fine_tuned_from_a_masked_model(tmp_path: Path) -> None:
    common = ["--data", "digits?limit=60", "--steps", 2, "--json", "--set", "batch_size=8"]
    common += [part for setting in ("model.patch=2", "width=8", "depth=2", "heads=2") for part in ("--set", setting)]
    masked, tuned = tmp_path / "masked", tmp_path / "tuned"
    decoder = ["--set", "decoder_width=4", "--set", "decoder_heads=2"]
    assert copyist("train", "masked-vit", *common, *decoder, "--out", masked).result["steps"] == 2
    line = ["train", "masked-vit-classifier", *common, "--out", tuned]
    result = copyist(*line, "--from", masked).result
    assert result["model"] == str(tuned / "model.safetensors")
    assert 0 <= result["measures"]["accuracy"] <= 1
    assert len(copyist("info", tuned, "--json").result["training"]["start"]) == 64
    sentence = copyist(*line, "--force", "--from", masked, "--set", "depth=3", "--set", "width=12").sentence
    assert sentence.endswith("; add --set model.width=8 --set model.depth=2")


@pytest.mark.parametrize("name", ["gray", "skips", "mlp"])
def test_reconstruct_gives_what_the_library_gives_in_the_same_batches(
    name: str, trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder = pictures(11, (8, 8) if name == "mlp" else (16, 16))
    model = library.load(trained(name))
    x = torch.stack([picture.pixels for picture in read_pictures([str(folder)])])
    for batch in (None, 3, 16):
        out = tmp_path / f"out-{batch}"
        chosen = () if batch is None else ("--batch", batch)
        answer = copyist("reconstruct", trained(name), folder, "--out", out, "--json", *chosen)
        assert answer.result["batch_size"] == (batch or BATCH)
        assert answer.result["batch_statistics"] == (name != "mlp")
        wanted = library.reconstruct(model, x, batch_size=batch)
        for index, image in enumerate(wanted[:, 0].clamp(0, 1).mul(255).round().numpy()):
            np.testing.assert_array_equal(shown(out / f"{index:03d}.png"), image)
        small = name != "mlp" and (batch or BATCH) > 11
        assert ("note: this model normalizes by the batch at hand, and 11 images" in answer.stderr) == small


def test_a_batch_is_filled_by_going_round_the_input_again(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    model = library.load(trained("gray"))
    folder = pictures(5)
    x = torch.stack([picture.pixels for picture in read_pictures([str(folder)])])
    assert copyist("encode", trained("gray"), folder, "--out", tmp_path / "z.npz", "--batch", 3).code == 0
    with torch.no_grad():
        by_hand = torch.cat([model.encode(x[:3]), model.encode(x[[3, 4, 0]])[:2]])  # type: ignore[operator]
    with np.load(tmp_path / "z.npz") as codes:
        np.testing.assert_array_equal(codes["z"], by_hand.numpy())
        assert codes["names"].tolist() == [f"{index:03d}.png" for index in range(5)]


def test_one_image_is_judged_by_its_own_statistics_and_a_note_says_so(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder = pictures(1)
    answer = copyist("denoise", trained("gray"), folder, "--out", tmp_path / "out", "--passes", 2)
    assert answer.stderr == (
        "note: this model normalizes by the batch at hand, and one image does not fill a batch of 8: "
        "it is repeated, so that its own statistics are used\n"
    )
    assert answer.stdout == f"denoised 1 image into {tmp_path / 'out'}, by the statistics of batches of 8\n"
    model = library.load(trained("gray"))
    with torch.no_grad():
        x_hat = model(model(read_pictures([str(folder)])[0].pixels[None]))[0, 0]
    found = shown(tmp_path / "out/000.png")
    np.testing.assert_array_equal(found, x_hat.clamp(0, 1).mul(255).round().numpy())


@pytest.mark.parametrize("verb", ["reconstruct", "denoise"])
def test_files_come_back_as_the_files_they_were(verb: str, trained: Trained, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    Image.fromarray(noise((37, 53, 3))).save(folder / "turned.jpg", exif=exif, icc_profile=SRGB)
    Image.fromarray(noise((16, 24, 4))).save(folder / "deeper/clear.png", icc_profile=SRGB)
    Image.fromarray(noise((21, 16, 3))).save(folder / "deeper/photo.TIFF")
    Image.fromarray(noise((19, 17, 3))).save(folder / "lossless.webp", lossless=True)
    wide = np.random.default_rng(0).integers(0, 65536, (9, 3 * 13), dtype=np.uint16)
    with (folder / "wide.png").open("wb") as file:
        writer = png.Writer(13, 9, greyscale=False, bitdepth=16)  # pyright: ignore[reportArgumentType]
        writer.write(file, wide.tolist())
    out = tmp_path / "out"
    result = copyist(verb, trained("color"), folder, "--out", out, "--json").result
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert sorted(inside(out)) == names
    assert sorted(result["files"]) == sorted(str(out / name) for name in names)
    for name in names:
        with Image.open(folder / name) as old, Image.open(out / name) as new:
            assert (old.size, old.mode, old.format) == (new.size, new.mode, new.format)
            assert old.info.get("icc_profile") == new.info.get("icc_profile")
            assert old.getexif().get(ExifTags.Base.Orientation) == new.getexif().get(ExifTags.Base.Orientation)
            if "A" in old.mode:
                assert old.getchannel("A").tobytes() == new.getchannel("A").tobytes()
    with (out / "wide.png").open("rb") as file:
        assert png.Reader(file=file).read()[3]["bitdepth"] == 16


def test_arrays_come_back_as_arrays_of_their_type_and_shape(trained: Trained, tmp_path: Path) -> None:
    for array in (np.full((16, 16), 0.5, np.float32), noise((3, 16, 16)), noise((16, 16)).astype(np.float64) / 99):
        np.save(tmp_path / "x.npy", array)
        assert copyist("denoise", trained("gray"), tmp_path / "x.npy", "--out", tmp_path / "out", "--force").code == 0
        found = np.load(tmp_path / "out/x.npy")
        assert (found.dtype, found.shape) == (array.dtype, array.shape)


def test_an_output_is_replaced_only_with_force_and_other_files_stay(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder, out = pictures(2), tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    (out / "000.png").write_text("old")
    line = ["denoise", trained("gray"), folder, "--out", out]
    before = inside(tmp_path)
    assert copyist(*line).sentence.endswith("exists already; choose another place, or add --force to replace it")
    assert inside(tmp_path) == before
    assert copyist(*line, "--force").code == 0
    after = inside(out)
    assert set(after) == {"000.png", "001.png", "mine.txt"}
    assert after["mine.txt"] == b"mine"
    assert after["000.png"] != b"old"


def test_corrupt_writes_the_exact_values_of_the_library_and_denoise_takes_them(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder, noisy = pictures(3, (16, 18)), tmp_path / "noisy"
    line = ["corrupt", folder, "--with", "blend", "--alpha", 0.3, "--seed", 5]
    result = copyist(*line, "--out", noisy, "--json").result
    assert result["corruption"] == {"kind": "blend", "alpha": 0.3, "mean": 0.7, "std": 0.2}
    for picture in read_pictures([str(folder)]):
        draws = generator(5, "corrupt", picture.name)
        x_tilde = Blend(alpha=0.3)(picture.pixels[None], generator=draws)[0, 0].numpy()
        np.testing.assert_array_equal(np.load((noisy / picture.name).with_suffix(".npy")), x_tilde)
        eight_bits = np.rint(np.clip(x_tilde.astype(np.float64), 0, 1) * 255)
        np.testing.assert_array_equal(shown(noisy / picture.name), eight_bits)
    assert copyist(*line, "--out", tmp_path / "again").code == 0
    assert inside(tmp_path / "again") == inside(noisy)
    assert copyist("corrupt", folder, "--alpha", 0.3, "--seed", 6, "--out", tmp_path / "other").code == 0
    assert inside(tmp_path / "other") != inside(noisy)
    arrays = sorted(noisy.glob("*.npy"))
    assert copyist("denoise", trained("gray"), *arrays, "--out", tmp_path / "clean").code == 0
    assert sorted(inside(tmp_path / "clean")) == [path.name for path in arrays]


def test_two_pictures_that_share_an_array_name_keep_their_endings_in_it(
    pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder = pictures(2)
    pictures(1, ending="bmp")
    answer = copyist("corrupt", folder, "--alpha", 0.5, "--out", tmp_path / "out")
    assert answer.code == 0
    assert "000.bmp.npy and 1 more: the picture's ending is kept" in answer.stderr
    written = ["000.bmp", "000.bmp.npy", "000.png", "000.png.npy", "001.npy", "001.png"]
    assert sorted(inside(tmp_path / "out")) == written
    # An image's noise depends on its name.
    assert inside(tmp_path / "out")["000.png.npy"] != inside(tmp_path / "out")["000.bmp.npy"]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_walk_is_written_in_every_format_with_the_same_bytes_from_the_same_seed(
    ending: str, trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    line = ["walk", trained("gray"), pictures(3), "--steps", 3, "--count", 2, "--json"]
    seeds = [3, 3, 4]
    files = [tmp_path / f"{index}{ending}" for index in range(3)]
    for seed, file in zip(seeds, files, strict=True):
        result = copyist(*line, "--seed", seed, "--out", file).result
        assert (result["images"], result["steps"], result["batch_size"]) == (2, 3, BATCH)
    first, same, other = (file.read_bytes() for file in files)
    assert FORMATS[ending] in first[:16]
    assert first == same != other
    assert copyist(*line, "--out", files[0]).sentence.endswith("or add --force to replace it")
    assert copyist(*line, "--out", files[0], "--force").code == 0


def test_a_walk_into_a_folder_gives_a_frame_per_step_and_the_start(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    assert copyist("walk", trained("mlp"), pictures(2, (8, 8)), "--steps", 3, "--out", tmp_path / "walk").code == 0
    assert sorted(inside(tmp_path / "walk")) == [f"frame-{index:04d}.png" for index in range(4)]


def test_a_walk_moves_as_far_as_the_library_says(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder = pictures(5)
    line = ["walk", trained("gray"), folder, "--steps", 4, "--noise", 0.1, "--batch", 3, "--seed", 2]
    result = copyist(*line, "--out", tmp_path / "w.gif", "--json").result
    x = torch.stack([picture.pixels for picture in read_pictures([str(folder)])])
    model = library.load(trained("gray"))
    frames = library.walk(model, x, steps=4, noise=0.1, generator=generator(2, "walk"), batch_size=3)
    assert result["moved"] == pytest.approx(float((frames[-1] - x).square().mean().sqrt()), rel=1e-6)


def test_samples_as_array_are_the_library_s_and_depend_on_the_seed_alone(trained: Trained, tmp_path: Path) -> None:
    line = [
        "sample",
        trained("gray"),
        "--count",
        5,
        "--steps",
        3,
        "--schedule",
        "cosine",
        "--size",
        "16x20",
        "--batch",
        4,
    ]
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        result = copyist(*line, "--seed", seed, "--out", tmp_path / f"{name}.npy", "--json").result
        assert (result["batch_size"], result["schedule"]) == (4, "cosine")
    wanted = library.sample(
        library.load(trained("gray")),
        count=5,
        method=NoDiffusion(steps=3, schedule=library.schedules.cosine(3)),
        shape=(1, 16, 20),
        generator=generator(1, "sample"),
        batch_size=4,
    )
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), wanted.numpy())
    files = inside(tmp_path)
    assert files["a.npy"] == files["b.npy"] != files["c.npy"]


@pytest.mark.parametrize("ending", [".png", ".gif", ".PNG", ""])
def test_samples_are_written_in_every_format(ending: str, trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / f"samples{ending}"
    assert copyist("sample", trained("skips"), "--count", 3, "--steps", 2, "--out", out).code == 0
    if ending:
        assert FORMATS[ending.lower()] in out.read_bytes()[:16]
    else:
        assert sorted(inside(out)) == [f"sample-{index:04d}.png" for index in range(3)]
        assert shown(out / "sample-0000.png").shape[:2] == (16, 16)


@pytest.mark.parametrize("ending", [".npy", ".gif"])
def test_samples_grow_to_each_size_in_turn(ending: str, trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / f"samples{ending}"
    line = ["sample", trained("gray"), "--count", 2, "--steps", 3, "--grow", "24", "--grow", "32x40", "--grow-steps", 2]
    result = copyist(*line, "--seed", 1, "--out", out, "--json").result
    assert (result["steps"], result["image_shape"]) == (7, [1, 32, 40])
    if ending == ".npy":
        model, draws = library.load(trained("gray")), generator(1, "sample")
        method = NoDiffusion(steps=3, grow=((24, 24), (32, 40)), grow_steps=2)
        wanted = library.sample(model, count=2, method=method, generator=draws)
        np.testing.assert_array_equal(np.load(out), wanted.numpy())
    text = copyist(*line, "--out", tmp_path / "other.npy").stdout
    assert " in 7 steps on a linear schedule, grown to 24x24, grown to 32x40 into " in text


@pytest.mark.parametrize(
    ("method", "options", "settings"),
    [
        ("no-diffusion", ["--steps", 3, "--noise-mean", 0.4, "--noise-std", 0.1], ["steps=3", "mean=0.4", "std=0.1"]),
        ("no-diffusion", ["--steps", 2, "--schedule", "geometric"], ["steps=2", "schedule=geometric"]),
        (
            "no-diffusion",
            ["--steps", 2, "--grow", 24, "--grow", "32x40", "--grow-steps", 1],
            ["steps=2", "grow=[[24,24],[32,40]]", "grow_steps=1"],
        ),
        ("walkback", ["--steps", 3, "--noise-mean", 0.4, "--noise-std", 0.1], ["steps=3", "mean=0.4", "std=0.1"]),
        ("langevin", ["--steps", 2, "--noise-mean", 0.4], ["steps=2", "mean=0.4"]),
    ],
)
def test_an_option_of_sample_is_short_for_a_setting_of_whatever_method_has_it(
    method: str, options: list[Any], settings: list[str], trained: Trained, tmp_path: Path
) -> None:
    line = ["sample", trained("gray"), "--count", 2, "--method", method]
    chosen = [part for each in settings for part in ("--set", each)]
    short = copyist(*line, *options, "--out", tmp_path / "short.npy", "--json").result
    long = copyist(*line, *chosen, "--out", tmp_path / "long.npy", "--json").result
    differing = {"out": "", "seconds_per_sample": 0}
    assert short | differing == long | differing
    assert (tmp_path / "short.npy").read_bytes() == (tmp_path / "long.npy").read_bytes()


def test_a_schedule_is_given_by_its_name_or_as_its_shares(trained: Trained, tmp_path: Path) -> None:
    line = ["sample", trained("gray"), "--count", 2, "--steps", 2]
    shares = ",".join(map(str, library.schedules.cosine(2)))
    answer = copyist(*line, "--set", f"schedule={shares}", "--out", tmp_path / "shares.npy")
    assert " in 2 steps on a schedule of its own into " in answer.stdout
    assert copyist(*line, "--schedule", "cosine", "--out", tmp_path / "name.npy").code == 0
    assert (tmp_path / "shares.npy").read_bytes() == (tmp_path / "name.npy").read_bytes()


@pytest.mark.parametrize(
    ("name", "settings", "method"),
    [
        ("langevin", ["levels=3", "sigma=0.5"], Langevin(levels=3, sigma=0.5, steps=2)),
        (
            "walkback",
            ["corruption.sigma=0.1", "spread=0.05"],
            Walkback(corruption=GaussianNoise(0.1), spread=0.05, steps=2),
        ),
        ("implicit-prior", ["beta=0.5"], ImplicitPrior(beta=0.5, steps=2)),
    ],
)
def test_samples_by_another_method_are_the_library_s(
    name: str, settings: list[str], method: Method, trained: Trained, tmp_path: Path
) -> None:
    out = tmp_path / "samples.npy"
    line = ["sample", trained("gray"), "--count", 3, "--method", name, "--steps", 2, "--seed", 1, "--out", out]
    result = copyist(*line, *(part for each in settings for part in ("--set", each)), "--json").result
    assert (result["method"], result["steps"], "schedule" in result) == (name, method.num_steps, False)
    wanted = library.sample(library.load(trained("gray")), count=3, method=method, generator=generator(1, "sample"))
    np.testing.assert_array_equal(np.load(out), wanted.numpy())
    text = copyist(*line, "--force").stdout
    assert text.startswith(
        f"sampled 3 images in {named_method(name, {'steps': '2'}).num_steps} steps by {name} into {out}, "
    )


def test_samples_of_a_variational_autoencoder_are_decoded_codes_unless_another_method_is_named(
    trained: Trained, tmp_path: Path
) -> None:
    out = tmp_path / "samples.npy"
    result = copyist("sample", trained("vae"), "--count", 3, "--seed", 1, "--out", out, "--json").result
    assert (result["method"], result["steps"]) == ("prior", 1)
    model = library.load(trained("vae"))
    wanted = library.sample(model, count=3, method=Prior(), generator=generator(1, "sample"))
    np.testing.assert_array_equal(np.load(out), wanted.numpy())
    chain = copyist("sample", trained("vae"), "--method", "no-diffusion", "--steps", 2, "--out", out, "--force").stdout
    assert " in 2 steps on a linear schedule into " in chain


def test_samples_of_a_model_of_one_size_do_not_grow(trained: Trained, tmp_path: Path) -> None:
    sentence = copyist("sample", trained("mlp"), "--grow", 16, "--out", tmp_path / "s.png").sentence
    assert sentence.startswith("samples grow only in a model that takes images of many sizes, and this one takes 8x8 ")


def test_whole_pictures_of_any_size_are_denoised_and_their_psnr_printed(trained: Trained, tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    for name, size in (("a", (30, 41)), ("b", (41, 30))):
        Image.fromarray(draws.integers(0, 256, (*size, 3), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    line = ["psnr", trained("gray"), f"{tmp_path}?channels=1", "--sigma", "15/255", "--sigma", 0.2]
    result = copyist(*line, "--json").result
    assert (result["num_images"], [row["sigma"] for row in result["rows"]]) == (2, [15 / 255, 0.2])
    assert [row["noisy"]["mean"] for row in result["rows"]] == pytest.approx([24.61, 13.98], abs=0.3)
    answer = copyist(*line)
    text = answer.stdout
    assert "note: denoising 2 pictures at 2 levels of noise; each filter is tried" in answer.stderr
    assert "σ = 15/255" in text
    assert [part in text for part in ("noisy", "blur", "total variation", "model")] == [True] * 4
    assert "total variation" not in copyist(*line, "--no-filters").stdout


@pytest.mark.slow
def test_models_are_evaluated_side_by_side_and_the_table_reads_back(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "table.json"
    line = ["evaluate", trained("gray"), trained("skips"), "--data", "digits?size=16&limit=60", "--images", 8]
    result = copyist(*line, "--out", out, "--json").result
    assert json.loads(out.read_text()) == result
    methods = {row["method"] for row in result["denoising"]["rows"]}
    assert {"gray", "skips", "identity"} <= methods
    assert Evaluation.from_document(result).to_document() == result
    assert result["denoising"]["batch_size"] == BATCH
    # One has a code, digits have labels: its classes are probed beside what needs no training.
    assert list(result["probes"]["accuracies"]) == ["gray", "gray, random weights", "pixels", "59 principal components"]
    assert all(0 <= share <= 1 for row in result["probes"]["accuracies"].values() for share in row.values())
    assert copyist(*line, "--out", out).sentence.endswith("or add --force to replace it")


@pytest.mark.parametrize("line", [["recipes"], ["models"], ["data", "show", "digits?size=16&limit=50"]])
def test_what_there_is_is_told_to_people_and_to_machines(line: list[str]) -> None:
    people, machines = copyist(*line), copyist(*line, "--json")
    assert people.code == 0
    assert len(people.stdout.splitlines()) > 3
    assert machines.result
    assert people.stderr == machines.stderr == ""


def test_each_line_of_a_list_stands_alone() -> None:
    recipes = copyist("recipes").stdout.partition("\n\n")[0].splitlines()
    names = list(copyist("recipes", "--json").result)
    assert [line.split()[0] for line in recipes] == names
    for line in recipes:
        assert " same" not in line
        assert not line.endswith("…")
    models = [line for line in copyist("models").stdout.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in models] == list(copyist("models", "--json").result)
    # All begin in one column, and say what the model is rather than what its settings are.
    assert {line[18:20] for line in models} == {"  "}
    assert not [line for line in models if "The shape of" in line]


def test_an_example_can_be_pasted_into_a_shell() -> None:
    assert "--data 'digits?binarize=sample' --out" in copyist("recipes", "vae").stdout


def test_the_version_is_that_of_the_installed_package() -> None:
    answer = copyist("--version")
    assert (answer.code, answer.stdout, answer.stderr) == (0, f"copyist {version('copyist')}\n", "")


def test_without_a_command_the_program_says_what_it_is_for() -> None:
    for line in ([], ["--help"]):
        answer = copyist(*line)
        assert "Autoencoders trained by copying" in answer.stdout + answer.stderr
        assert "without a command" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_shown_with_all_its_settings_and_a_line_that_trains_it(name: str) -> None:
    document = copyist("recipes", name, "--json").result
    assert document == dump(RECIPES[name](), CATALOGUES)
    text = copyist("recipes", name.replace("-", "_")).stdout
    assert f"model: {document['model']['kind']}\n" in text
    assert f"\n  steps = {document['training']['steps']}\n" in text
    _, _, line = text.partition("Change any with --set: copyist train ")
    recipe, _, data, _, out, _, assignment = shlex.split(line)
    # The line names what the recipe has, so that it trains just that.
    assert configured(recipe, data=data, assignments=[assignment]) == RECIPES[name]()
    assert out == f"runs/{name}"


def test_a_recipe_that_there_is_not_is_refused() -> None:
    assert copyist("recipes", "unett").sentence == "there is no recipe 'unett'; did you mean 'unet'?"


def test_help_says_where_batch_statistics_are_explained() -> None:
    answer = copyist("denoise", "--help")
    assert "See 'Batch statistics' in the README." in " ".join(answer.stdout.split())
    assert "\n## Batch statistics\n" in (Path(__file__).parents[2] / "README.md").read_text()


def test_defaults_of_models_are_numbers_and_lists_to_machines() -> None:
    found = copyist("models", "--json").result
    assert found["mlp"]["widths"] == [4000, 4000, 4000]
    assert (found["vit-classifier"]["depth"], found["conv-classifier"]["num_classes"]) == (6, None)


def test_data_show_draws_images_and_tells_both_splits(tmp_path: Path) -> None:
    result = copyist("data", "show", "digits", "--out", tmp_path / "digits.png", "--json").result
    assert sum(part["images"] for part in result["parts"].values()) == 1797
    assert shown(tmp_path / "digits.png").shape[2] == 3
    assert result["image_shape"] == [1, 8, 8]
    assert list(copyist("data", "show", "digits?split=test", "--json").result["parts"]) == ["images"]
    sentence = copyist("data", "show", "digits", "--out", tmp_path / "d.jpg").sentence
    assert sentence.endswith("choose a name that ends in .png")


def test_info_tells_how_many_classes_a_classifier_knows(trained: Trained) -> None:
    result = copyist("info", trained("names"), "--json").result
    assert (result["model"]["kind"], result["model"]["num_classes"]) == ("conv-classifier", 10)
    assert result["data"]["num_classes"] == 10
    assert "num_classes = 10" in copyist("info", trained("names")).stdout


def test_info_tells_what_the_header_holds(trained: Trained) -> None:
    result = copyist("info", trained("mlp"), "--json").result
    assert (result["model"]["kind"], result["batch_size"], result["training"]["steps"]) == ("mlp", BATCH, 20)
    assert result["parameters"] == 64 * 8 + 8 + 8 * 64 + 64
    assert "batch size 8" in copyist("info", trained("mlp") / "model.safetensors").stdout


def test_info_tells_the_size_of_the_code_beside_that_of_the_image(trained: Trained) -> None:
    assert copyist("info", trained("mlp"), "--json").result["code"] == {
        "shape": [8],
        "values": 8,
        "example_shape": [1, 8, 8],
        "ratio": 8 / 64,
    }
    assert "\ncode 8 values, 0.12 of the image's 64 (1x8x8)\n" in copyist("info", trained("mlp")).stdout
    assert "\ncode 512 values (8x8x8), 2.00 of the image's 256 (1x16x16)\n" in copyist("info", trained("gray")).stdout
    assert copyist("info", trained("skips"), "--json").result["code"] is None
    assert "\ncode " not in copyist("info", trained("skips")).stdout


OWN = """
import torch
from copyist.models import Reconstructor


class Halves(Reconstructor):
    def __init__(self, share):
        super().__init__()
        self.share = torch.nn.Parameter(torch.tensor(share))

    @property
    def config(self):
        raise NotImplementedError

    def check_input(self, x):
        pass

    def forward(self, x):
        return x * self.share
"""


def test_a_model_of_one_s_own_denoises_once_its_class_is_named(
    tmp_path: Path, pictures: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mypackage.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    import mypackage  # type: ignore[import-not-found]

    file, kind = tmp_path / "own.safetensors", "mypackage:Halves"
    header = library.checkpoint.Header(model={"kind": kind, "share": 0.5}, batch_size=4)
    library.save(file, mypackage.Halves(0.5), header)
    line = ["denoise", file, pictures(2), "--out", tmp_path / "out"]
    assert copyist(*line).sentence.endswith(f"add --class-of {kind}, which runs that package's code")
    assert "which runs that package's code" in copyist(*line, "--class-of", "json:loads").sentence
    assert copyist(*line, "--class-of", kind).code == 0
    half = torch.from_numpy(noise((16, 16), seed=1)).float().div(255).mul(0.5).double().mul(255).round().numpy()
    np.testing.assert_array_equal(shown(tmp_path / "out/001.png"), half)
    sentence = copyist("walk", file, tmp_path / "in", "--out", tmp_path / "w.gif", "--class-of", kind).sentence
    assert (
        sentence
        == "walk works in a model's code, and Halves has none; take a model with a code, such as a U-Net without skips"
    )


@pytest.mark.slow
def test_the_demo_of_ones_own_images_ends_in_a_report_and_trains_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = partial(Scale, num_test=16, num_samples=8, walk_steps=3)
    monkeypatch.setattr("copyist.demo.run.Scale", small)
    narrow = {name: partial(configured, name, assignments=["width=4"]) for name in ("unet", "unet-skips")}
    monkeypatch.setattr("copyist.demo.run.RECIPES", narrow)
    line = ["demo", "--out", tmp_path / "demo", "--data", "scenes?size=16&limit=64", "--steps", 2, "--json"]
    report = Path(copyist(*line).result["report"])
    assert report.read_text().lstrip().lower().startswith("<!doctype html>")
    assert "comes with copyist" not in report.read_text()
    models = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.safetensors")}
    assert {path.parent.name for path in models} == {"copier", "with-skips", "small-0", "small-1", "small-2"}

    def stop(*_: object, **__: object) -> None:
        raise CopyistError("this far and no further")

    monkeypatch.setattr("copyist.demo.chapters.evaluate_images", stop)
    assert "only the page is written again" in copyist(*line).stderr
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.safetensors")} == models


def test_the_demo_refuses_a_folder_of_something_else(pictures: Callable[..., Path], tmp_path: Path) -> None:
    folder = pictures(1)
    before = inside(tmp_path)
    sentence = copyist("demo", "--out", folder).sentence
    assert sentence == f"{folder} holds something that is no demo; choose another folder with --out"
    assert inside(tmp_path) == before


@pytest.mark.parametrize("options", ["", "?size=8"])
def test_results_inside_the_input_are_no_input(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path, options: str
) -> None:
    folder = pictures(3, (8, 8))
    line = ("denoise", trained("gray"), f"{folder}{options}", "--out", folder / "out")
    assert copyist(*line).code == 0
    before = inside(folder / "out")
    again = copyist(*line, "--force")
    assert again.code == 0
    assert f"passed over {folder / 'out'}, where the results go" in again.stderr
    assert inside(folder / "out") == before
