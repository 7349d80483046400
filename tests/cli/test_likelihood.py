"""Variational autoencoders from the command line: trained on what their likelihood takes, and asked how likely."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from cli.conftest import Trained, copyist
from copyist import load, open_source
from copyist.evaluation.likelihood_table import LikelihoodTable
from copyist.procedures import likelihood
from copyist.randomness import generator


@pytest.mark.slow
def test_evaluate_tells_the_likelihood_of_test_images(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "table.json"
    data = "digits?binarize=sample&limit=60"
    line = ["evaluate", trained("vae"), trained("mlp"), "--data", data, "--images", 5, "--importance-samples", 30]
    result = copyist(*line, "--out", out, "--json").result
    assert json.loads(out.read_text()) == result
    x = open_source(data).test.subset(5).images()
    expected = likelihood(load(trained("vae")), x, samples=30, generator=generator(0, "likelihood"))
    assert result["likelihoods"]["models"] == {
        "vae": asdict(expected) | {"divergence_per_unit": list(expected.divergence_per_unit)}
    }
    text = LikelihoodTable(models={"vae": expected}).text()
    assert "Likelihood of 5 test images under vae, in nats per image\n" in text
    assert f"negative log-likelihood  {expected.negative_log_likelihood:.2f}  by 30 importance samples" in text
    assert "of 4, the largest with" in text


@pytest.mark.slow
def test_the_history_says_what_the_code_holds(trained: Trained) -> None:
    header, *_, last = (trained("vae") / "history.csv").read_text().splitlines()
    row = dict(zip(header.split(","), last.split(","), strict=True))
    measured = [float(row[name]) for name in ("reconstruction_nats", "kl_nats")]
    assert sum(measured) == pytest.approx(float(row["validation_loss"]), rel=0.05)
    assert 0 <= float(row["active_units"]) <= 4


def test_gray_images_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    sentence = copyist("train", "vae", "--data", "digits?limit=50", "--out", folder, "--steps", 2).sentence
    assert sentence == (
        "a Bernoulli likelihood must be given images of 0 and 1 alone, got values between; "
        "add ?binarize=sample to the source, or build the model with a Gaussian likelihood (--set "
        "likelihood=gaussian)"
    )
    assert not folder.exists()


@pytest.mark.slow
def test_images_are_binarized_in_training_if_asked_and_evaluated_once_they_are(
    trained: Trained, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    line = ["--out", folder, "--steps", 2, "--set", "widths=5", "--set", "binarize=true"]
    assert copyist("train", "vae", "--data", "digits?limit=50", *line).code == 0
    assert copyist("evaluate", folder, "--data", "digits?limit=50").sentence.startswith("a Bernoulli likelihood must")
    assert copyist("evaluate", folder, "--data", "digits?binarize=0.5&limit=50", "--images", 3).code == 0


def test_a_code_of_size_0_is_refused(tmp_path: Path) -> None:
    sentence = copyist("train", "vae", "--out", tmp_path / "run", "--set", "code_size=0").sentence
    assert sentence == "code_size must be at least 1, got 0"
