"""What a user has as examples is taken by every verb alike, or refused in a sentence."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import copyist
from copyist.errors import ArgumentError, ContractError, CopyistError, ShapeError
from copyist.models import MLPConfig, VariationalMLPConfig
from copyist.models.contracts import Model, TrainedOn, take_batch

SHAPE = (3, 4, 5)
X = np.random.default_rng(0).random((2, *SHAPE), dtype=np.float32)
ROWS = np.random.default_rng(1).normal(300, 40, (6, 3)).astype(np.float32)


def model(**settings: Any) -> Model:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        built = MLPConfig(image_shape=SHAPE, widths=(7,), **settings).build().eval()
    built.trained_on = TrainedOn(image_shape=SHAPE)
    return built


def table(columns: tuple[str, ...] = ("a", "b", "c")) -> Model:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        built = MLPConfig(image_shape=(3,), widths=(2,)).build().eval()
    built.trained_on = TrainedOn(columns=columns)
    return built


def verbs() -> dict[str, Callable[[Any], Any]]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        likely = VariationalMLPConfig(image_shape=SHAPE, widths=(7,), code_size=3, likelihood="gaussian").build().eval()
    likely.trained_on = TrainedOn(image_shape=SHAPE)
    plain = model()
    return {
        "reconstruct": lambda x: copyist.reconstruct(plain, x),
        "denoise": lambda x: copyist.denoise(plain, x, passes=2),
        "encode": lambda x: copyist.encode(plain, x),
        "score": lambda x: copyist.score(plain, x, sigma=0.5),
        "walk": lambda x: copyist.walk(plain, x, steps=2),
        "interpolate": lambda x: copyist.interpolate(plain, x, x, steps=2),
        "invert": lambda x: copyist.invert(plain, x, steps=2).x,
        "layers": lambda x: copyist.layers(plain, x),
        "negative_log_likelihood": lambda x: copyist.negative_log_likelihood(likely, x, samples=3),
    }


def readonly(x: Any) -> Any:
    copied = x.copy()
    copied.flags.writeable = False
    return copied


SAME: dict[str, Callable[[], Any]] = {
    "a NumPy array": lambda: X,
    "float64": lambda: X.astype(np.float64),
    "a float64 tensor": lambda: torch.from_numpy(X).double(),
    "another byte order": lambda: X.astype(">f4"),
    "memory that may not be written": lambda: readonly(X),
    "memory that runs backward": lambda: X[:, :, ::-1].copy()[:, :, ::-1],
    "another layout": lambda: torch.from_numpy(X).to(memory_format=torch.channels_last),
    "a tensor with a gradient": lambda: torch.from_numpy(X).requires_grad_(),
    "a list of tensors": lambda: list(torch.from_numpy(X)),
    "a tuple of arrays": lambda: tuple(X),
    "nested lists": X.tolist,
}


@pytest.mark.parametrize("verb", verbs())
@pytest.mark.parametrize("kind", SAME)
def test_the_same_numbers_are_the_same_examples(verb: str, kind: str) -> None:
    asked = verbs()[verb]
    expected, found = asked(torch.from_numpy(X)), asked(SAME[kind]())
    if isinstance(expected, Tensor):
        # Memory laid out in another way is summed in another order.
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        assert (found.dtype, found.requires_grad) == (expected.dtype, False)
    else:
        assert found == expected


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_short_floats_are_the_numbers_that_they_hold(dtype: torch.dtype) -> None:
    short = torch.from_numpy(X).to(dtype)
    assert torch.equal(copyist.reconstruct(model(), short), copyist.reconstruct(model(), short.float()))


@pytest.mark.parametrize(("dtype", "top"), [("uint8", 255), ("uint16", 65535), (">u2", 65535), ("bool", 1)])
def test_stored_integers_are_scaled_by_their_range(dtype: str, top: int) -> None:
    stored = (X * top).round().astype(dtype)
    expected = copyist.reconstruct(model(), torch.from_numpy(stored.astype(np.float32) / np.float32(top)))
    assert torch.equal(copyist.reconstruct(model(), stored), expected)
    if dtype != ">u2":
        assert torch.equal(copyist.reconstruct(model(), torch.from_numpy(stored)), expected)


def test_values_that_noise_has_moved_out_of_the_range_are_taken() -> None:
    noisy = X + 2.0 * np.random.default_rng(2).normal(size=X.shape)
    assert copyist.denoise(model(), noisy).shape == X.shape
    assert copyist.denoise(model(), X * 1.5).shape == X.shape


def spoiled(value: float) -> Any:
    x = X.copy()
    x[1, 0, 2, 3] = value
    return x


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "0 to 255": (lambda: X * 255, r"^images must be floats in \[0, 1\], which noise .*, got .* to 25.*; divide t"),
    "a dark picture": (lambda: X * 9, r"divide them by 255$"),
    "0 to 65535": (lambda: X * 65535, r"divide them by 65535$"),
    "less a mean of 128": (lambda: X * 255 - 128, r"divide them by 255$"),
    "not a number": (lambda: spoiled(np.nan), r"^images must hold finite values, got nan in image 1; replace or "),
    "infinite": (lambda: spoiled(-np.inf), r"^images must hold finite values, got -inf in image 1; replace or dr"),
    "int64": (lambda: (X * 255).astype(np.int64), r"^images must be uint8, uint16 or floats in \[0, 1\], got int"),
    "complex": (lambda: X.astype(np.complex64), r"^images must hold real numbers, got complex64 of ndarray; give"),
    "a complex tensor": (lambda: torch.from_numpy(X).cfloat(), r"must be a dense tensor of real numbers, got tor"),
    "objects": (lambda: np.array([None, 1]), r"^images must hold real numbers, got object of ndarray; give its values"),
    "text": (lambda: "photos", r"^images must be an array or a tensor, got a str of builtins; give its values as"),
    "nothing": (lambda: None, r"^images must hold real numbers, got object of NoneType; give its values as an array"),
    "an empty list": (list, r"^images must be at least one, got an empty list; give some$"),
    "a sparse tensor": (lambda: torch.from_numpy(X).to_sparse(), r"^images must be a dense tensor of real number"),
    "a hidden value": (lambda: np.ma.masked_less(X, 0.5), r"^images must have all values, got an array with mask"),
    "a PIL image": (lambda: Image.new("RGB", (5, 4)), r"^images must be an array or a tensor, got a Image of PIL"),
    "PIL images": (lambda: [Image.new("RGB", (5, 4))], r"^images must be an array or a tensor, got a Image of PIL; gi"),
    "channels last": (lambda: np.moveaxis(X, 1, 3), r"got \(2, 4, 5, 3\) with the channels last; move them with "),
    "two shapes": (lambda: [X[0], X[0, :, :3]], r"in a list must have one shape, got \(3, 4, 5\) and \(3, 3, 5\)"),
    "one image": (lambda: X[0], r"^images must have shape \(B, C, H, W\), got \(3, 4, 5\); give a single image a"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_are_no_examples_is_refused_by_every_verb_in_the_same_sentence(kind: str) -> None:
    given, message = REFUSED[kind]
    for verb, asked in verbs().items():
        if kind == "nothing" and verb == "layers":
            continue  # It then shows the model two gray images.
        with pytest.raises(ArgumentError, match=message):
            asked(given())


def test_rows_may_have_any_numbers_and_the_columns_of_a_frame_are_looked_at() -> None:
    expected = copyist.reconstruct(table(), torch.from_numpy(ROWS))
    for given in (ROWS.astype(np.float64), ROWS.tolist(), list(ROWS), torch.from_numpy(ROWS).double()):
        assert torch.equal(copyist.reconstruct(table(), given), expected)
    whole = ROWS.round()
    assert torch.equal(copyist.reconstruct(table(), whole.astype(np.int32)), copyist.reconstruct(table(), whole))
    for value, found in ((np.nan, "nan"), (1e300, "inf")):
        rows = ROWS.astype(np.float64)
        rows[4, 1] = value
        with pytest.raises(ArgumentError, match=f"^a table must hold finite values, got {found} in row 4; replace"):
            copyist.reconstruct(table(), rows)
    with pytest.raises(
        ShapeError, match=r"^a table must have shape \(B, D\), got \(3,\); give a single row a batch axis"
    ):
        copyist.reconstruct(table(), ROWS[0])

    @dataclass
    class Frame:
        """The two things of a data frame that are used."""

        columns: list[str]

        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            return ROWS.astype(dtype or np.float64)

    frame: Any = Frame(["a", "b", "c"])
    assert torch.equal(copyist.reconstruct(table(), frame), expected)
    with pytest.raises(ShapeError, match=r"^the model was trained on the columns 'a', 'b', 'c', got 'b', 'a', 'c'; "):
        copyist.reconstruct(table(), replace(frame, columns=["b", "a", "c"]))


def test_a_batch_goes_where_the_model_is_and_takes_its_type() -> None:
    double = model().double()
    assert copyist.reconstruct(double, X).dtype == torch.float64
    assert take_batch(nn.Identity(), X.astype(np.float64)).dtype == torch.float64
    taken = torch.from_numpy(X)
    # What needs no change is not copied.
    assert take_batch(model(), taken).data_ptr() == taken.data_ptr()


def test_gradients_reach_the_images_of_a_representation() -> None:
    x = torch.from_numpy(X).requires_grad_()
    copyist.procedures.representation(model(), x).sum().backward()  # pyright: ignore[reportUnknownMemberType]
    assert x.grad is not None


def test_an_answer_that_is_not_finite_is_refused() -> None:
    broken = model()
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    for verb in (copyist.reconstruct, copyist.denoise, copyist.encode):
        with pytest.raises(
            ContractError, match=r"^a model must give finite values, got nan for example 0; train it agai"
        ):
            verb(broken, X)


def test_the_residual_of_a_model_that_only_copies_is_said_to_be_no_score() -> None:
    asked = model()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copyist.score(asked, X, sigma=0.2)
    asked.trained_on = replace(asked.trained_on, objective="copying")
    with pytest.warns(UserWarning, match=r"^the residual of a model that was trained only to copy is no score; train"):
        copyist.score(asked, X, sigma=0.2)


def test_metrics_take_tensors_and_say_so() -> None:
    with pytest.raises(
        CopyistError, match=r"^examples must be a tensor, got ndarray; give torch.as_tensor\(…\) of it$"
    ):
        copyist.metrics.distortion.psnr(X, X)  # pyright: ignore[reportArgumentType]
