"""Files that version 0.1.0 of before format 2 wrote are read, and answer as they did."""

from pathlib import Path

import numpy as np
import pytest
import torch

from copyist.checkpoint import FORMAT_VERSION, load, read_header
from copyist.checkpoint.migration import migrate_recipe
from copyist.models import MODELS

FILES = Path(__file__).parent / "format_1"


@pytest.mark.parametrize("kind", sorted(path.stem for path in FILES.glob("*.safetensors")))
def test_a_file_of_format_1_is_the_same_model(kind: str) -> None:
    answers = np.load(FILES / "answers.npz")
    model = load(FILES / f"{kind}.safetensors", device="cpu")
    with torch.no_grad():
        y = model(torch.from_numpy(answers[f"{kind}.x"]))
    # Written on another processor, whose sums may end in another last bit.
    torch.testing.assert_close(y, torch.from_numpy(answers[f"{kind}.y"]), rtol=1e-4, atol=1e-5)
    assert type(model.config) in MODELS.values()


def test_the_row_of_a_table_is_no_image_any_more() -> None:
    model, header = load(FILES / "table.safetensors", device="cpu"), read_header(FILES / "table.safetensors")
    assert (model.num_columns, model.image_shape, model.trained_on.columns) == (4, None, ("a", "b", "c", "d"))
    assert "image_shape" not in header.data
    assert (header.model["num_columns"], header.model["image_shape"]) == (4, None)
    assert header.format_version == FORMAT_VERSION == 2


def test_a_u_net_with_skips_and_attention_is_a_setting_of_the_u_net() -> None:
    header = read_header(FILES / "attention-unet-skips.safetensors")
    assert [header.model[name] for name in ("kind", "skips", "attention")] == ["unet", True, "mixed"]
    assert read_header(FILES / "unet-skips.safetensors").model["skips"] is True


def test_the_recipe_of_an_old_file_is_named_as_today() -> None:
    recipe = {
        "name": "topk-mlp",
        "model": {"kind": "unet-skips", "width": 4},
        "objective": {"kind": "reviving", "objective": {"kind": "copying"}, "after": 9},
        "pretraining": {"objectives": [{"kind": "reviving", "objective": {"kind": "copying"}}], "steps": 3},
    }
    assert migrate_recipe(recipe) == {
        "name": "topk-mlp",
        "model": {"kind": "unet", "skips": True, "width": 4},
        "objective": {"kind": "dead-unit-resampling", "objective": {"kind": "copying"}, "after": 9},
        "pretraining": {"objectives": [{"kind": "dead-unit-resampling", "objective": {"kind": "copying"}}], "steps": 3},
    }
