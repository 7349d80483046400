"""`copyist.evaluate`: the parts that models and sources allow, put together in one document."""

import subprocess
import sys

import pytest

import copyist
from contracts import built, classifier
from copyist import open_source
from copyist.errors import ArgumentError, ContractError
from copyist.evaluation.evaluate import evaluate_images
from copyist.evaluation.evaluation import Evaluation
from copyist.evaluation.likelihood_table import likelihood_table
from copyist.evaluation.probe_table import probe_table
from copyist.evaluation.table_copies import table_copies
from copyist.models import ConvClassifierConfig, MLPConfig, Model, VariationalMLPConfig

DIGITS = "digits?binarize=0.5&limit=60"
IMAGES: dict[str, Model] = {
    "plain": built(MLPConfig(image_shape=(1, 8, 8), widths=(5,))),
    "likely": built(VariationalMLPConfig(image_shape=(1, 8, 8), widths=(5,), code_size=2)),
}


NAMES: dict[str, Model] = {"names": classifier(ConvClassifierConfig(channels=1, num_classes=10, width=4, levels=1))}


def parts(found: Evaluation) -> set[str]:
    kinds = ("denoising", "table", "likelihoods", "probes", "classification")
    return {kind for kind in kinds if getattr(found, kind) is not None}


@pytest.mark.slow
@pytest.mark.usefixtures("few_filter_settings")
def test_copiers_of_images_are_measured_by_each_part_as_alone() -> None:
    steps: list[tuple[int, int]] = []
    said: list[str] = []
    found = copyist.evaluate(
        IMAGES, DIGITS, num_images=6, importance_samples=3, batch_size=4, seed=2,
        progress=lambda done, total: steps.append((done, total)), say=said.append,
    )  # fmt: skip
    splits = open_source(DIGITS)
    assert parts(found) == {"denoising", "likelihoods", "probes"}
    assert found.denoising == evaluate_images(IMAGES, splits, num_images=6, batch_size=4, seed=2)
    assert found.likelihoods == likelihood_table(IMAGES, splits, num_images=6, samples=3, seed=2)
    assert found.probes == probe_table(IMAGES, splits, num_images=6, batch_size=4, seed=2)
    assert steps == [(done, 11) for done in range(1, 12)]
    assert said == ["measuring 2 models and what stands beside them, which takes some seconds"]
    assert Evaluation.from_json(found.to_json().encode()) == found
    text = found.text()
    places = [text.index(each) for each in ("Denoising: 6 test", "images under likely, in nats", "classes found from")]
    assert places == sorted(places)


def test_a_table_is_measured_by_its_columns() -> None:
    splits = open_source("cancer")
    model = built(MLPConfig(num_columns=30, widths=(3,)))
    model.measured_on(splits.train.examples())
    found = copyist.evaluate({"mine": model}, splits, num_images=9)
    assert parts(found) == {"table", "probes"}
    assert found.table == table_copies({"mine": model}, splits, num_rows=9)
    assert Evaluation.from_json(found.to_json().encode()) == found
    assert "Error by column" in found.text(details=True)
    assert "Error by column" not in found.text()


def test_classifiers_are_counted_on_all_test_images() -> None:
    found = copyist.evaluate(NAMES, "digits?limit=60")
    assert parts(found) == {"classification"}
    assert found.classification is not None
    assert found.classification.num_test == 60
    assert Evaluation.from_json(found.to_json().encode()) == found


def test_what_cannot_be_evaluated_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^at least one model must be given to be evaluated, got none; name one$"):
        copyist.evaluate({}, DIGITS)
    with pytest.raises(ArgumentError, match=r"^num_images must be at least 1, got 0$"):
        copyist.evaluate(IMAGES, DIGITS, num_images=0)
    with pytest.raises(ContractError, match=r"^evaluate needs a model that copies, and ConvClassifier does not"):
        copyist.evaluate({"plain": IMAGES["plain"], **NAMES}, "digits?limit=40", num_images=3)


def test_labels_of_one_class_teach_no_probe_and_that_is_said() -> None:
    said: list[str] = []
    splits = open_source("digits?limit=40")
    assert splits.train.labels is not None
    splits.train.labels[:] = 1
    found = copyist.evaluate({"plain": IMAGES["plain"]}, splits, num_images=3, say=said.append)
    assert found.probes is None
    assert said[1:] == ["probes are left out, since all images to learn from are of one class"]


@pytest.mark.parametrize("module", ["copyist.evaluation.evaluation", "copyist.demo.page"])
def test_results_and_their_page_are_read_without_torch(module: str) -> None:
    code = f"import {module}, sys\nprint('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False"]
