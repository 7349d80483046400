"""A header tells how large the code of its model is."""

from typing import Any

import pytest
import torch

from contracts import CODELESS, CONFIGS, autoencoder, images
from copyist import settings
from copyist.checkpoint import MODEL_CATALOGUES, Header, recorded_code
from copyist.models import MLPConfig, ModelConfig, UNetConfig


def header(config: ModelConfig, **data: Any) -> Header:
    return Header(model=settings.dump(config, MODEL_CATALOGUES), batch_size=2, data=data)


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_code_of_every_kind_is_told_beside_the_shape_it_was_trained_on(kind: str) -> None:
    found = recorded_code(header(CONFIGS[kind], image_shape=[3, 8, 12]))
    if kind in CODELESS:
        assert found is None
        return
    with torch.no_grad():
        z = autoencoder(CONFIGS[kind]).encode(images())
    assert found is not None
    assert found.to_document() == {
        "shape": list(z.shape[1:]),
        "values": z[0].numel(),
        "example_shape": [3, 8, 12],
        "ratio": z[0].numel() / 288,
    }


def test_the_line_names_values_and_their_ratio() -> None:
    def line(config: ModelConfig, **data: Any) -> str | None:
        found = recorded_code(header(config, **data))
        return None if found is None else found.text()

    unet = UNetConfig(channels=3, width=32, levels=4)
    assert line(unet, image_shape=[3, 32, 32]) == "code 4,096 values (256x4x4), 1.33 of the image's 3,072 (3x32x32)"
    assert line(unet, image_shape=[3, 64, 32]) == "code 8,192 values (256x8x4), 1.33 of the image's 6,144 (3x64x32)"
    rows = MLPConfig(num_columns=30, widths=(64,), code=4)
    assert line(rows) == "code 4 values, 0.13 of the row's 30"


def test_it_is_left_open_where_the_header_does_not_tell_and_no_one_elses_code_is_run() -> None:
    assert recorded_code(header(UNetConfig(channels=3))) is None
    own = Header(model={"kind": "no_such_package:Net"}, batch_size=2, data={"image_shape": [3, 8, 8]})
    assert recorded_code(own) is None
    for wrong in ({"kind": "unett"}, {"kind": "unet", "width": 0}, {"kind": "mlp", "widths": [10**18, 10**18]}):
        assert recorded_code(Header(model=wrong, batch_size=2, data={"image_shape": [3, 8, 8]})) is None


def test_the_global_seed_is_left_as_it_was() -> None:
    state = torch.get_rng_state()
    assert recorded_code(header(MLPConfig(image_shape=(1, 10, 10), widths=(7,)))) is not None
    assert torch.equal(torch.get_rng_state(), state)
