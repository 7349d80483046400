"""A model file comes back bit for bit, or is refused by name; nothing in it is ever run."""

import json
import pickle
import random
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from contracts import CONFIGS, autoencoder, built, images
from copyist import settings
from copyist.checkpoint import (
    FORMAT_VERSION,
    MODEL_CATALOGUES,
    Header,
    load,
    read_header,
    read_tensors,
    save,
    write_tensors,
)
from copyist.errors import CheckpointError
from copyist.models import MLPConfig, Reconstructor

TINY = MLPConfig(image_shape=(1, 2, 3), widths=(2,))


def header_of(model: Reconstructor, **fields: Any) -> Header:
    return Header(model=settings.dump(model.config, MODEL_CATALOGUES), batch_size=7, **fields)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small model file."""
    model = built(TINY)
    save(tmp_path / "model.safetensors", model, header_of(model, data={"image_shape": [1, 2, 3]}))
    return tmp_path / "model.safetensors"


def rewritten(file: Path, **fields: Any) -> Path:
    """The same file with other fields in its header, and sums that agree."""
    document, tensors = read_tensors(file)
    write_tensors(file, tensors, document | fields)
    return file


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("channels_last", [False, True])
def test_a_model_comes_back_bit_for_bit(kind: str, channels_last: bool, tmp_path: Path) -> None:
    model = built(CONFIGS[kind])
    if channels_last:
        model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    save(tmp_path / "model.safetensors", model, header_of(model, data={"image_shape": [3, 8, 12]}))
    again = load(tmp_path)
    assert again.config == model.config
    assert again.batch_size == 7
    assert again.image_shape == (3, 8, 12)
    assert not any(part.training for part in again.modules())
    weights, kept = model.state_dict(), again.state_dict()
    assert list(weights) == list(kept)
    for name, weight in weights.items():
        assert weight.dtype == kept[name].dtype
        assert torch.equal(weight, kept[name])
    with torch.no_grad():
        torch.testing.assert_close(again(images()), model(images()), rtol=1e-4, atol=1e-5)


def test_the_header_comes_back_as_it_was(tmp_path: Path) -> None:
    model = built(TINY)
    header = header_of(
        model,
        data={"source": "Größe?size=3", "mean": [0.1, 1e-300]},
        recipe={"nested": {"list": [1, None, True]}},
        training={"steps": 2**40},
    )
    save(tmp_path / "file", model, header)
    assert read_header(tmp_path / "file") == header


def test_loading_leaves_the_global_generator_alone(file: Path) -> None:
    before = torch.random.get_rng_state()
    load(file)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_model_without_data_has_no_image_shape_but_its_own(tmp_path: Path) -> None:
    model = built(CONFIGS["unet-batch"])
    save(tmp_path / "file", model, header_of(model))
    assert load(tmp_path / "file", device="cpu").image_shape is None


@given(st.dictionaries(st.text(max_size=5), st.lists(st.floats() | st.integers(-9, 9), max_size=3), max_size=4))
def test_any_tensors_come_back_bit_for_bit(tmp_path_factory: Any, values: dict[str, list[float]]) -> None:
    file = tmp_path_factory.mktemp("tensors") / "file"
    dtypes = (torch.float32, torch.float64, torch.bfloat16, torch.int64)
    # Names of no letters, and of one that the format keeps for itself, are not what a module has.
    tensors = {
        f"w{name}": torch.tensor([0.0 if abs(v) > 1e18 or v != v else v for v in value]).to(dtypes[index % 4])
        for index, (name, value) in enumerate(values.items())
    }
    write_tensors(file, tensors, {"format_version": 1, "text": "ü"})
    document, again = read_tensors(file)
    assert document == {"format_version": 1, "text": "ü"}
    assert again.keys() == tensors.keys()
    assert all(torch.equal(again[name], tensors[name]) and again[name].dtype == tensors[name].dtype for name in again)


def test_a_run_directory_is_its_model_and_a_missing_one_is_told(file: Path) -> None:
    assert load(file.parent).config == TINY
    with pytest.raises(CheckpointError, match=r"^there is no model at .*; give a .safetensors file, or the folder of"):
        load(file.parent / "nothing")
    (file.parent / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"^there is no model at .*empty; give"):
        load(file.parent / "empty")
    (file.parent / "empty" / "model.safetensors").mkdir()
    with pytest.raises(CheckpointError, match=r"cannot be read \(is a directory\)$"):
        load(file.parent / "empty")


def refused(file: Path, data: bytes) -> str:
    file.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        load(file)
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.slow
def test_one_wrong_bit_in_any_byte_of_the_header_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    length = 8 + int.from_bytes(whole[:8], "little")
    assert length < 3000
    for place in range(length):
        # One bit makes another sign, the other turns small letters into capitals.
        for bit in (0, 5):
            broken = bytearray(whole)
            broken[place] ^= 1 << bit
            refused(file, bytes(broken))
    file.write_bytes(whole)
    load(file)


def test_one_wrong_byte_among_the_weights_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    draws = random.Random(0)
    for place in range(start, len(whole)):
        broken = bytearray(whole)
        broken[place] ^= draws.randrange(1, 256)
        assert "is damaged: its weights are not those that were written; use another copy" in refused(
            file, bytes(broken)
        )


def test_a_file_that_ends_early_or_late_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for length in (*range(40), *range(40, len(whole), 7), len(whole) - 1):
        assert "is truncated or damaged, or no safetensors file; use another copy" in refused(file, whole[:length])
    refused(file, whole + b"\0")


class Bomb:
    """What leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_by_name_and_not_opened(tmp_path: Path, protocol: int) -> None:
    bomb = {"weights": Bomb(tmp_path / "trace")}
    for zipped in (False, True):
        file = tmp_path / "model.safetensors"
        torch.save(bomb, file, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
        with pytest.raises(
            CheckpointError, match=r"is a pickle, and reading one can run any code; save the weights as"
        ):
            load(file)
    file.write_bytes(pickle.dumps(bomb, protocol=protocol))
    with pytest.raises(CheckpointError, match="is a pickle"):
        load(file)
    assert not (tmp_path / "trace").exists()


def test_a_header_whose_length_looks_like_a_pickle_is_read(tmp_path: Path) -> None:
    # 0x0280 bytes of header begin a file as a pickle of protocol 2 begins: 80 02.
    text = json.dumps({"padding": ""})
    while True:
        header = json.dumps({"__metadata__": {"copyist": text, "document": "none"}}).encode()
        if len(header) >= 0x0280:
            break
        text = json.dumps({"padding": json.loads(text)["padding"] + "x"})
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    assert path.read_bytes()[:2] == b"\x80\x02"
    with pytest.raises(CheckpointError, match="damaged: its header is not the one that was written"):
        read_header(path)


def test_a_pickle_of_the_oldest_kinds_is_refused_too(tmp_path: Path) -> None:
    for protocol in (0, 1):
        (tmp_path / "file").write_bytes(pickle.dumps(Bomb(tmp_path / "trace"), protocol=protocol))
        with pytest.raises(CheckpointError):
            load(tmp_path / "file")
    assert not (tmp_path / "trace").exists()


def test_a_file_from_a_newer_version_is_refused_by_name(file: Path) -> None:
    rewritten(file, format_version=FORMAT_VERSION + 1, package_version="9.1")
    with pytest.raises(
        CheckpointError, match=r"has format version 3, written by copyist 9.1, and this copyist reads up to 2; upgrade"
    ):
        load(file)


def test_safetensors_of_others_are_refused(tmp_path: Path) -> None:
    for metadata in (None, {"format": "pt"}):
        save_file({"weight": torch.zeros(2, 3)}, tmp_path / "file", metadata=metadata)
        with pytest.raises(
            CheckpointError,
            match=r"was not written by copyist: its header .* model; give a file that copyist trained$",
        ):
            load(tmp_path / "file")


@pytest.mark.parametrize("text", ["[1, 2]", "3", "not json", "", "[" * 100_000])
def test_a_header_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    from hashlib import sha256

    metadata = {"copyist": text, "document": sha256(text.encode()).hexdigest(), "tensors": ""}
    save_file({"weight": torch.zeros(2, 3)}, tmp_path / "file", metadata=metadata)
    with pytest.raises(
        CheckpointError, match=r"is no model file: its header is no table of settings; use another copy"
    ):
        load(tmp_path / "file")


@pytest.mark.parametrize("field", ["model", "batch_size", "data", "recipe", "training", "package_version"])
def test_a_missing_field_is_named(file: Path, field: str) -> None:
    rewritten(file, **{field: None})
    with pytest.raises(CheckpointError, match=f"is no model file: its header has no valid '{field}'; train the model"):
        load(file)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": {"kind": "mpl"}}, r"cannot be rebuilt: there is no model 'mpl'; did you mean 'mlp'\?"),
        ({"model": {}}, r"has a config that cannot be built: model must say its kind; there are attention, "),
        ({"model": {"kind": "mlp", "wdths": [2]}}, r"cannot be rebuilt: there is no setting of model 'wdths'; did you"),
        (
            {"model": {"kind": "mlp", "widths": ["a"]}},
            r"has a config that cannot be built: model.widths must be a list",
        ),
        ({"model": {"kind": "mlp", "widths": [2]}}, r"cannot be built: an MLP must know its image_shape; give it"),
        ({"model": asdict(TINY) | {"kind": "mlp", "widths": [3]}}, r"holds weights of another model than its header"),
        ({"batch_size": 0}, r"must have a batch size of at least 1, got 0"),
        (
            {"data": {"image_shape": [3, 4]}},
            r"must have an image shape of three whole numbers, got \[3, 4\]",
        ),
        ({"data": {"columns": ["a", 1]}}, r"must name its columns in a list of texts, got \['a', 1\]"),
        (
            {"data": {"image_shape": 3}},
            r"must have an image shape of three whole numbers, got 3",
        ),
        (
            {"data": {"image_shape": [3, 4, "x"]}},
            r"must have an image shape of three whole numbers, got \[3, 4, 'x'\]",
        ),
        ({"format_version": "1"}, r"has format version 1, written by"),
    ],
)
def test_a_field_that_cannot_be_is_named(file: Path, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        load(rewritten(file, **fields))


OWN = """
from dataclasses import dataclass
import torch
from copyist.models import ModelConfig, Reconstructor

@dataclass(frozen=True, kw_only=True)
class ScaleConfig(ModelConfig):
    channels: tuple[int, ...] = (1,)
    def fitted(self, image_shape):
        return ScaleConfig(channels=image_shape[:1])
    def build(self):
        return Scale(self.channels)

class Scale(Reconstructor):
    def __init__(self, channels):
        super().__init__()
        self.channels = tuple(channels)
        self.weight = torch.nn.Parameter(torch.full((self.channels[0], 1, 1), 0.25))
    @property
    def config(self):
        return ScaleConfig(channels=self.channels)
    def check_input(self, x):
        pass
    def forward(self, x):
        return self.weight * x

def not_a_model(channels):
    return 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of a user's own model."""
    import importlib

    (tmp_path / "owned.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("owned")
    del sys.modules["owned"]


@pytest.mark.parametrize("name", ["Scale", "ScaleConfig"])
def test_a_model_of_ones_own_comes_back_when_its_class_is_named(own: Any, tmp_path: Path, name: str) -> None:
    model = own.Scale((3,))
    torch.nn.init.normal_(model.weight)
    header = Header(model={"kind": f"owned:{name}", "channels": [3]}, batch_size=4)
    save(tmp_path / "file", model, header)
    again = load(tmp_path / "file", class_of=f"owned:{name}")
    assert isinstance(again, own.Scale)
    assert torch.equal(again.get_parameter("weight"), model.weight)
    for other in (None, "owned:Other"):
        with pytest.raises(
            CheckpointError, match=rf"holds a model of the class owned:{name}; add --class-of owned:{name}, which runs"
        ):
            load(tmp_path / "file", class_of=other)


def test_the_config_of_ones_own_model_says_where_it_lives(own: Any) -> None:
    assert settings.dump(own.ScaleConfig(channels=(2,)), MODEL_CATALOGUES) == {
        "kind": "owned:ScaleConfig",
        "channels": [2],
    }


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("owned:Missing", r"owned:Missing cannot be imported \(.*\); install the package that has it"),
        ("no.such.package:Class", r"cannot be imported \(No module named 'no'\); install the package that has it"),
        (":Class", r"cannot be imported"),
        ("owned:not_a_model", r"owned:not_a_model must be a Model or the ModelConfig of one, got a int"),
        (
            "owned:ScaleConfig",
            r"has a config that owned:ScaleConfig does not take: there is no setting of model 'width",
        ),
        ("owned:Scale", r"has a config that owned:Scale does not take: .*unexpected keyword argument 'widths'"),
    ],
)
@pytest.mark.usefixtures("own")
def test_a_class_that_is_not_there_or_no_model_is_told(file: Path, kind: str, message: str) -> None:
    config: dict[str, Any] = {"channels": [3]} if "not_a" in kind else {"widths": [3]}
    with pytest.raises(CheckpointError, match=message):
        load(rewritten(file, model={"kind": kind, **config}), class_of=kind)


def test_a_model_of_ours_needs_no_class(file: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds a mlp, which needs no --class-of; leave it out$"):
        load(file, class_of="owned:Scale")


def test_the_document_is_plain_json_that_anything_can_read(file: Path) -> None:
    data = file.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    document = json.loads(header["__metadata__"]["copyist"])
    assert document["format_version"] == FORMAT_VERSION
    assert document["model"] == {
        "kind": "mlp",
        "image_shape": [1, 2, 3],
        "widths": [2],
        "code": None,
        "activation": "gelu",
        "output": "identity",
        "tied": False,
        "initialization": "uniform",
    }


def test_two_names_of_one_weight_are_both_kept(tmp_path: Path) -> None:
    shared = autoencoder(TINY)
    weight = next(shared.parameters())
    write_tensors(tmp_path / "file", {"a": weight, "b": weight}, {"format_version": 1})
    _, tensors = read_tensors(tmp_path / "file")
    assert torch.equal(tensors["a"], tensors["b"])


def test_a_header_is_frozen() -> None:
    header = Header(model={}, batch_size=3)
    assert replace(header, batch_size=4).batch_size == 4
    with pytest.raises(AttributeError):
        header.batch_size = 4  # pyright: ignore[reportAttributeAccessIssue]


def test_others_may_read_a_file_of_tensors_as_they_may_any_file(tmp_path: Path) -> None:
    write_tensors(tmp_path / "some.safetensors", {"a": torch.zeros(2)}, {})
    (tmp_path / "any").touch()
    modes = {(tmp_path / name).stat().st_mode for name in ("some.safetensors", "any")}
    assert len(modes) == 1
