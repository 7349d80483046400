"""Latent diffusion on the command line: with a first stage trained on the way, and with one that is given."""

from pathlib import Path

from cli.conftest import copyist

SMALL = ["--data", "digits?limit=80", "--steps", 6, "--set", "batch_size=8", "--set", "denoiser.width=4"]
FIRST = ["width=4", "levels=2", "code_channels=2"]


def test_a_first_stage_is_trained_on_the_way_or_given_and_the_one_file_is_sampled(tmp_path: Path) -> None:
    own = [part for each in FIRST for part in ("--set", f"first_stage.model.{each}")]
    line = ["train", "latent-diffusion", *SMALL, *own, "--set", "first_stage.training.steps=5"]
    result = copyist(*line, "--out", tmp_path / "run", "--json").result
    assert result["first_stage"] == str(tmp_path / "run" / "first-stage" / "model.safetensors")
    assert copyist("sample", tmp_path / "run", "--count", 2, "--steps", 3, "--out", tmp_path / "s.png").code == 0
    given = ["--first-stage", tmp_path / "run" / "first-stage", "--out", tmp_path / "again", "--json"]
    again = copyist("train", "latent-diffusion", *SMALL, *given)
    assert again.result["first_stage"] is None
    # Trained on the way or given, it makes the same denoiser.
    assert again.result["validation_loss"] == result["validation_loss"]
    assert copyist(*line, *given[:2], "--out", tmp_path / "third").sentence.startswith(
        "a first stage that is given is as it is, got settings of one that is trained (first_stage.…) too; leave these "
        "out, or --first-stage"
    )
    assert not (tmp_path / "third").exists()


def test_verbs_that_look_at_layers_by_images_refuse_a_model_that_runs_on_codes(tmp_path: Path) -> None:
    own = [part for each in FIRST for part in ("--set", f"first_stage.model.{each}")]
    line = ["train", "latent-diffusion", *SMALL, "--steps", 1, *own, "--set", "first_stage.training.steps=1"]
    assert copyist(*line, "--out", tmp_path / "run").code == 0
    wanted = " runs a model on images, and LatentDiffusion runs on codes of images; take the autoencoder that makes "
    assert copyist("layers", tmp_path / "run").sentence.startswith(f"layers{wanted}")
    inverted = copyist("invert", tmp_path / "run", "digits?limit=2", "--layer", "denoiser", "--out", tmp_path / "i")
    assert inverted.sentence.startswith(f"invert{wanted}")
    assert not (tmp_path / "i").exists()
    assert copyist("layers", tmp_path / "run" / "first-stage").code == 0
    # Guidance is not asked for a class first that would be refused next.
    guided = copyist("sample", tmp_path / "run", "--guidance", 2, "--out", tmp_path / "s.png").sentence
    assert guided.startswith("guidance needs a model that was trained with classes, and this one was not, got 2; train")


def test_a_detector_does_not_ask_for_a_first_stage(tmp_path: Path) -> None:
    answer = copyist("detect", "fit", "latent-diffusion", "--data", "digits?limit=200", "--out", tmp_path / "run")
    assert answer.sentence == (
        "detect needs a model that copies, and latent-diffusion trains one that generates; take a recipe of "
        "one trained to copy"
    )
    assert not (tmp_path / "run").exists()


def test_a_first_stage_without_maps_is_refused_in_one_sentence(tmp_path: Path) -> None:
    copyist("train", "conv", *SMALL[:6], "--set", "levels=2", "--out", tmp_path / "conv")
    line = ["train", "latent-diffusion", *SMALL, "--out", tmp_path / "run", "--first-stage"]
    assert copyist(*line, tmp_path / "conv").sentence.startswith(
        "a first stage must have a code of maps (c, h, w), got one of 64 values of shape (64,); take a model whose code"
    )
    assert copyist(*line, tmp_path / "none").sentence.startswith("there is no model at ")
    assert not (tmp_path / "run").exists()
