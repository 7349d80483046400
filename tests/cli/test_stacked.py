"""Stacks on the command line: trained in phases, resumed, and judged by the names they give."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import copyist as library
from cli.conftest import Trained, copyist
from copyist.data import open_source
from copyist.models.contracts import Classifier, needs

SMALL = ["--data", "digits?limit=200", "--steps", 6, "--set", "batch_size=8", "--set", "pretraining.steps=4"]
WIDTHS = ["--set", "widths=12,9,7"]


def test_a_stack_is_trained_in_phases_and_goes_on_when_asked_again(tmp_path: Path) -> None:
    line = ["train", "stacked-classifier", *SMALL, *WIDTHS, "--out", tmp_path / "run", "--json"]
    result = copyist(*line).result
    layers = [str(tmp_path / "run" / f"layer-{index}" / "model.safetensors") for index in range(3)]
    assert (result["steps"], result["layers"]) == (6, layers)
    assert copyist(*line, "--resume").result == result
    assert "before, its layers were trained one by one: " in copyist(*line[:-1], "--resume").stdout
    assert copyist("train", "linear", *SMALL[:4], "--out", tmp_path / "other", "--json").result["layers"] == []
    # A layer's model is a model for every verb.
    assert copyist("info", layers[1], "--json").result["model"]["widths"] == [12, 9]


def test_phases_are_named_and_each_line_of_progress_has_a_loss_of_its_own(tmp_path: Path) -> None:
    line = ["train", "stacked", "--data", "digits?limit=100", "--set", "widths=6,4", "--set", "pretraining.steps=20"]
    told = copyist(*line, "--set", "training.steps=30", "--out", tmp_path / "run").stderr.splitlines()
    assert f"note: training all 2 layers together, in {tmp_path / 'run'}" in told
    lines = [each.partition(", loss ") for each in told if not each.startswith("note: ")]
    assert [begin for begin, _, _ in lines] == [
        *(f"stacked, layer 1 of 2: step {step} of 20" for step in (10, 20)),
        *(f"stacked, layer 2 of 2: step {step} of 20" for step in (10, 20)),
        *(f"stacked, all layers together: step {step} of 30" for step in (10, 20, 30)),
    ]
    losses = [float(loss) for _, _, loss in lines]
    assert len(set(losses)) == len(losses)


def test_counts_are_shown_as_such(tmp_path: Path) -> None:
    line = ["train", "sparse-mlp", "--data", "digits?limit=100", "--steps", "5", "--out", tmp_path / "run"]
    text = copyist(*line).stdout
    assert re.search(r", silent_units \d+(\.\d)?, dead_units \d+, revivals \d+\n", text)


def test_settings_of_pretraining_are_changed_by_name(tmp_path: Path) -> None:
    line = ["train", "stacked", *SMALL, "--out", tmp_path / "run"]
    two = '[{"kind": "copying"}, {"kind": "denoising", "corruption": {"kind": "gaussian", "sigma": 0.2}}]'
    assert copyist(*line, "--set", "widths=6,4", "--set", f"pretraining.objectives={two}").code == 0
    assert copyist(*line, "--force", "--set", f"pretraining.objectives={two}").sentence.startswith(
        "pretraining must have one objective per layer, 3 in all, or a single one, got 2; change the objectives (--set"
    )
    assert copyist(*line, "--force", "--set", "widths=9,0").sentence == "widths must be at least 1, got 0"
    assert copyist(*line, "--force", "--set", "widths=[]").sentence.startswith("widths must name at least the units")
    assert copyist(*line, "--force", "--set", "steps=9").sentence == (
        "setting 'steps' could mean training.steps or pretraining.steps; write it in full"
    )


def test_classifiers_are_judged_by_how_many_images_they_name_wrong(trained: Trained, tmp_path: Path) -> None:
    line = ["evaluate", trained("names"), "--data", "digits"]
    out = tmp_path / "names.json"
    result = copyist(*line, "--out", out, "--json").result["classification"]
    test = open_source("digits").test
    assert test.labels is not None
    with torch.no_grad():
        named = needs(library.load(trained("names"), device="cpu"), Classifier, verb="test")(test.images()).argmax(1)
    wrong = int((named.numpy() != test.labels).sum())
    assert result["num_test"] == len(test)
    assert result["models"]["names"]["wrong"] == wrong
    assert result["models"]["names"]["error"]["mean"] == pytest.approx(wrong / len(test))
    # The majority of ten classes of equal size is right for a tenth, here up to three standard errors.
    assert result["majority"]["error"]["mean"] == pytest.approx(0.9, abs=0.067)
    (line_of_names,) = [row for row in copyist(*line).stdout.splitlines() if row.startswith("names")]
    assert line_of_names.split()[1:4] == [str(wrong), f"{100 * wrong / len(test):.2f}", "%"]
    assert copyist(*line, "--images", 20, "--json").result["classification"]["num_test"] == 20


def test_what_cannot_be_judged_by_names_is_refused(trained: Trained, tmp_path: Path) -> None:
    np.save(tmp_path / "bare.npy", np.random.default_rng(0).random((20, 1, 8, 8)))
    assert copyist("evaluate", trained("names"), "--data", tmp_path / "bare.npy").sentence.startswith(
        f"{tmp_path / 'bare.npy'} must have labels to be learned, and has none; "
    )
    assert copyist("evaluate", trained("names"), trained("gray"), "--data", "digits?size=16").sentence == (
        "evaluate needs a model that copies, and ConvClassifier does not; take a model trained to copy"
    )
    more = tmp_path / "more.npz"
    np.savez(more, x=np.random.default_rng(0).random((40, 1, 8, 8)), y=np.arange(40) % 20)
    assert copyist("evaluate", trained("names"), "--data", more).sentence.startswith(
        f"classes of {more} must be among those that the model knows, '0', '1', '2', '3', '4', '5', …, got '1"
    )
