"""Tables become examples of shape (D,), and what cannot be learned from is refused with what to do."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from copyist.data import open_source, open_split, open_table
from copyist.data.learned_columns import left_out_notices
from copyist.errors import ArgumentError, CopyistError, DataError, UnknownNameError

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(40, 3)).astype(np.float32) * (1, 1000, 0.01) + (0, 5000, 3)
CLASSES = ["b", "a", "c", "a"] * 10


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    """A text file of lines."""

    def write(*lines: str, name: str = "t.csv") -> str:
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return str(tmp_path / name)

    return write


def csv_of(values: np.ndarray, *, header: str | None = "a,b,c", delimiter: str = ",") -> list[str]:
    rows = [delimiter.join(str(np.float32(value)) for value in row) for row in values]
    return [*([header] if header is not None else []), *rows]


def in_any_order(values: np.ndarray) -> set[tuple[float, ...]]:
    return {tuple(row.tolist()) for row in values.astype(np.float32)}


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (
            np.array([["a", "b"], ["c", "d"]]),
            r"must hold numbers, got texts; save it as floats, or a table with texts as",
        ),
        (np.ones((4, 3)) * 1j, r"must hold real numbers, got complex128; save it as floats, or"),
        (np.zeros(9), r"or a table \(N, D\), got shape \(9,\)$"),
    ],
)
def test_an_array_that_is_no_table_of_numbers_is_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "t.npy", array)
    with pytest.raises(DataError, match=message):
        open_split(str(tmp_path / "t.npy"), default="all")


def test_arrays_beside_a_table_are_told_from_its_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=VALUES, b=VALUES)
    with pytest.raises(
        DataError, match=r"one array of images or one table, got a \(40, 3\), b \(40, 3\); name it with"
    ):
        open_split(str(tmp_path / "two.npz"), default="all")
    np.savez(tmp_path / "y.npz", x=VALUES, y=VALUES[:, 0])
    with pytest.raises(DataError, match=r"^labels of .*y\.npz must be texts or whole numbers, got 0\.1257"):
        open_split(str(tmp_path / "y.npz"), default="all")
    np.savez(tmp_path / "whole.npz", x=VALUES, y=np.arange(40.0) % 3)
    found = open_split(str(tmp_path / "whole.npz"), default="all")
    assert found.labels is not None
    assert found.labels.tolist() == [int(name) % 3 for name in found.names]


def test_a_packed_table_is_read_and_written_packed(file: Callable[..., str], tmp_path: Path) -> None:
    plain = Path(file(*csv_of(VALUES)))
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert open_source(str(packed)).train.fingerprint == open_source(str(plain)).train.fingerprint
    table = open_table(f"{packed}?drop=a")
    written = table.write(table.x, tmp_path / "out")
    assert written.name == "t.csv.gz"
    assert gzip.decompress(written.read_bytes()) == plain.read_bytes()
    packed.write_bytes(b"no gzip")
    with pytest.raises(DataError, match="and is not, or is damaged; write it again as CSV"):
        open_source(str(packed))


@pytest.mark.parametrize(("header", "columns"), [("a,b,c", ("a", "b", "c")), (None, ("0", "1", "2"))])
def test_a_text_table_is_its_numbers(file: Callable[..., str], header: str | None, columns: tuple[str, ...]) -> None:
    splits = open_source(file(*csv_of(VALUES, header=header)))
    assert splits.train.shape == splits.test.shape == (3,)
    assert splits.train.columns == columns
    assert (len(splits.train), len(splits.test)) == (36, 4)
    both = np.concatenate([splits.train.array, splits.test.array])
    assert in_any_order(both) == in_any_order(VALUES)
    assert splits.train.examples(0, 5).dtype == torch.float32


def test_one_table_has_the_same_splits_and_fingerprint_in_every_format(
    file: Callable[..., str], tmp_path: Path
) -> None:
    np.save(tmp_path / "t.npy", VALUES.astype(np.float64))
    np.savez(tmp_path / "t.npz", X=VALUES.astype(np.float32), y=np.arange(40) % 2)
    found = [
        open_source(file(*csv_of(VALUES, header=None))),
        open_source(file(*csv_of(VALUES, header=None, delimiter=";"), name="semicolons.csv")),
        open_source(file(*csv_of(VALUES, header=None, delimiter="\t"), name="tabs.tsv")),
        open_source(str(tmp_path / "t.npy")),
        open_source(str(tmp_path / "t.npz")),
    ]
    assert len({splits.train.fingerprint for splits in found}) == 1
    assert len({splits.test.fingerprint for splits in found}) == 1
    labels = found[-1].train.labels
    assert labels is not None
    rows = [np.flatnonzero((VALUES.astype(np.float32) == row).all(1))[0] for row in found[-1].train.array]
    assert (labels == np.array(rows) % 2).all()


def test_which_rows_are_held_out_does_not_depend_on_their_order(file: Callable[..., str]) -> None:
    there = open_source(file(*csv_of(VALUES)))
    back = open_source(file(*csv_of(VALUES[::-1]), name="back.csv"))
    assert in_any_order(there.test.array) == in_any_order(back.test.array)


def test_equal_rows_are_on_one_side(file: Callable[..., str]) -> None:
    splits = open_source(file(*csv_of(np.concatenate([VALUES, VALUES]))))
    assert not in_any_order(splits.train.array) & in_any_order(splits.test.array)


def test_an_npz_may_bring_its_own_splits(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", x_train=VALUES[:30], x_test=VALUES[30:], y_train=np.zeros(30, int))
    splits = open_source(str(tmp_path / "t.npz"))
    assert (splits.train.array == VALUES[:30].astype(np.float32)).all()
    assert (splits.test.array == VALUES[30:].astype(np.float32)).all()
    assert splits.train.labels is None


def test_one_array_of_several_is_chosen_by_its_key(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", images=np.zeros((3, 4, 5)), table=VALUES)
    assert open_split(f"{tmp_path}/t.npz?key=table", default="all").shape == (3,)
    assert open_split(f"{tmp_path}/t.npz", default="all").shape == (1, 4, 5)


def test_a_column_of_texts_may_be_the_label_and_a_column_may_be_dropped(file: Callable[..., str]) -> None:
    rows = [f"{row},{name}" for row, name in zip(csv_of(VALUES, header=None), CLASSES, strict=True)]
    path = file("a,b,c,kind", *rows)
    found = open_split(f"{path}?label=kind&drop=b", default="all")
    assert found.columns == ("a", "c")
    assert found.labels is not None
    by_value = {np.float32(row[0]).item(): "abc".index(name) for row, name in zip(VALUES, CLASSES, strict=True)}
    assert found.labels.tolist() == [by_value[value] for value in found.array[:, 0].tolist()]


def test_labels_that_are_whole_numbers_are_named_by_their_value(file: Callable[..., str]) -> None:
    found = open_split(f"{file('x,y', '0.5,7', '1.5,-2', '2.5,7')}?label=y", default="all")
    assert (found.labels is not None, found.classes) == (True, ("-2", "7"))
    assert found.labels is not None
    assert dict(zip(found.array[:, 0].tolist(), found.labels.tolist(), strict=True)) == {0.5: 1, 1.5: 0, 2.5: 1}
    found = open_split(f"{file('x,y', '0.5,1', '1.5,3', '2.5,1')}?label=y", default="all")
    assert found.labels is not None
    assert (found.labels.tolist(), found.classes) == ([1, 3, 1], ("0", "1", "2", "3"))


@pytest.mark.parametrize(
    ("lines", "columns"),
    [
        (["1,2", "3,4"], ("0", "1")),
        (["year,2019", "3,4"], ("year", "2019")),
        (["5.1,setosa", "4.9,virginica"], ("0", "1")),
        (["a,", "3,4"], ("a", "1")),
        (['"a, b",c', "3,4"], ("a, b", "c")),
    ],
)
def test_a_row_of_names_is_told_from_one_of_numbers(
    file: Callable[..., str], lines: list[str], columns: tuple[str, ...]
) -> None:
    source = file(*lines) + ("?label=1" if "setosa" in lines[0] else "")
    assert open_split(source, default="all").columns == columns[: 1 if "label" in source else 2]


def test_whether_there_is_a_row_of_names_may_be_said(file: Callable[..., str]) -> None:
    path = file("1,2", "3,4", "5,6")
    assert open_split(f"{path}?header=yes", default="all").columns == ("1", "2")
    assert len(open_split(f"{path}?header=no", default="all")) == 3


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,b", "1,2", "3,", "nan,5", "inf,7"], r"in all 4 rows, got NaN, infinite or none: 2 in 'a', 1 in 'b'; fill"),
        (["a,b", "1,1e39", "3,4"], r"got NaN, infinite or none: 1 in 'b'; fill these cells, .* by \?drop=b$"),
        (["a,b", "1,x", "2,y"], r"must hold numbers, got 'x' in row 0 of 'b'; leave it out by \?drop=b, or .*label=b$"),
        (
            ["a,b,c", "1,2,q", "3,1-2,r"],
            r"got '1-2' in row 1 of 'b', 'c'; leave them out by \?drop=b,c",
        ),
        (["a,b"], r"must hold at least one row of numbers, and holds none; add rows$"),
        ([""], r"must hold at least one row of numbers, and holds none; add rows$"),
        (
            ["made by me", "a,b,c", "1,2,3"],
            r"as many cells, got 1 in line 1 and 3 in all others; remove that line, or rep",
        ),
        (["a,b", "1,2", "1_003,4"], r"must hold numbers, got '1_003' in row 1 of 'a'; leave it out by"),
        (["a,b", "1,2", "3"], r"must all have 2 cells, as the first has, got 1 in line 3; repair that line$"),
        (
            ["a,b", '1,"2', "3,4"],
            r"must be a table in UTF-8 text, one row per line, and is not, or is damaged; write it",
        ),
        (
            ["a,b", "1,2\0", "3,4"],
            r"must be a table in UTF-8 text, one row per line, and is not, or is damaged; write it",
        ),
        (["a,a", "1,2", "3,4"], r"must have names of their own, got 'a' twice; rename one$"),
    ],
)
def test_a_text_that_is_no_table_of_numbers_is_refused(
    file: Callable[..., str], lines: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        open_source(file(*lines))


def test_files_that_are_damaged_are_refused(tmp_path: Path) -> None:
    for name in ("t.csv", "t.npy", "t.npz"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00\x01damaged")
        with pytest.raises(DataError, match="and is not, or is damaged"):
            open_source(str(tmp_path / name))


def test_arrays_without_rows_or_with_nan_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "empty.npy", np.zeros((0, 3)))
    with pytest.raises(DataError, match=r"must hold at least one row of numbers, got an array of shape \(0, 3\); add"):
        open_source(f"{tmp_path}/empty.npy")
    np.save(tmp_path / "nan.npy", np.where(VALUES > 5000, np.nan, VALUES))
    count = int((VALUES > 5000).sum())
    with pytest.raises(
        DataError, match=rf"in all 40 rows, got NaN, infinite or none: {count} in '1'; fill these cells"
    ):
        open_source(f"{tmp_path}/nan.npy")
    np.savez(tmp_path / "labels.npz", X=VALUES, y=np.arange(3))
    with pytest.raises(DataError, match=r"must have one label per row, got 3 for 40; save it again"):
        open_source(f"{tmp_path}/labels.npz")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["a", "", "b", " "],
            r"must stand in all 4 rows, got none in 2 of them, the first of which is row 1; fill these",
        ),
        (
            ["1", "2", "?", "2"],
            r"must stand in all 4 rows, got none in 1 of them, the first of which is row 2; fill these",
        ),
        (
            ["1", "inf", "2", "3"],
            r"must be texts or whole numbers, got inf; name another column, or le",
        ),
        (["1", "1e30", "2", "3"], r"must be texts or whole numbers, got 1e\+30; name another column"),
    ],
)
def test_a_row_without_a_class_is_refused(file: Callable[..., str], cells: list[str], message: str) -> None:
    path = file("x,y", *(f"{row},{cell}" for row, cell in enumerate(cells)))
    with pytest.raises(DataError, match=rf"^labels in column 'y' of .*t.csv {message}"):
        open_source(f"{path}?label=y")


@pytest.mark.parametrize("names", [["a", None, None, "b"], [True, None, None, False], [1, None, None, 2]])
def test_a_class_that_parquet_has_not_is_refused(tmp_path: Path, names: list[object]) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"x": [0.1, 0.2, 0.3, 0.4], "y": names}), tmp_path / "t.parquet")
    with pytest.raises(
        DataError, match=r"must stand in all 4 rows, got none in 2 of them, the first of which is row 1"
    ):
        open_source(f"{tmp_path}/t.parquet?label=y")


@pytest.mark.parametrize(
    ("option", "kind", "message"),
    [
        (
            "label=q",
            UnknownNameError,
            r"^label= of .* must name a column, and there is none called 'q'; there are a, b, c$",
        ),
        ("drop=a,bb", UnknownNameError, r"must name a column, and there is none called 'bb'; did you mean 'b'\?$"),
        (
            "drop=a,b,c",
            DataError,
            r"must have a column of numbers to learn from, and none is left; drop fewer by \?drop=$",
        ),
        (
            "binarize=0.5",
            ArgumentError,
            r"^source option binarize is for images, got a table: .*; leave binarize= out$",
        ),
        ("size=8", ArgumentError, r"^source option size is for images, got a table: .*; leave size= out$"),
        ("fit=pad", ArgumentError, r"^source option fit is for images, got a table: .*; leave fit= out$"),
        (
            "label=c",
            DataError,
            r"labels in column 'c' of .* must be texts or whole numbers, got [\d.]+;",
        ),
        ("header=maybe", UnknownNameError, r"^header= must be one of yes, no, got 'maybe'$"),
    ],
)
def test_an_option_a_table_cannot_have_is_refused(
    file: Callable[..., str], option: str, kind: type[CopyistError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        open_source(f"{file(*csv_of(VALUES))}?{option}")


def test_an_option_of_tables_is_refused_for_images() -> None:
    with pytest.raises(ArgumentError, match=r"^source option drop is for tables, got images: digits; leave drop= out$"):
        open_source("digits?drop=3")


def test_images_are_not_had_from_a_table() -> None:
    table = open_split("cancer", default="test")
    for ask in (table.images, lambda: table.image_shape):
        with pytest.raises(DataError, match=r"^cancer must hold images here, got a table of 30 columns; take a folder"):
            ask()


def test_a_table_comes_with_copyist() -> None:
    splits = open_source("cancer")
    assert (splits.train.shape, len(splits.train) + len(splits.test)) == ((30,), 569)
    assert splits.num_classes() == 2
    labels = np.concatenate([each.labels for each in (splits.train, splits.test) if each.labels is not None])
    # As many malignant ones as the data's description says.
    assert int((labels == 0).sum()) == 212


def test_a_table_is_written_as_it_was_but_for_the_new_numbers(file: Callable[..., str], tmp_path: Path) -> None:
    path = file("name;a;b", "x;1;2", '"y;z";3;4')
    table = open_table(f"{path}?drop=name")
    assert table.x.tolist() == [[1, 2], [3, 4]]
    table.write(torch.tensor([[0.1, 2.5], [-3.0, 1e10]]), tmp_path / "out")
    assert (tmp_path / "out" / "t.csv").read_text() == 'name;a;b\nx;0.1;2.5\n"y;z";-3;1e+10\n'


@pytest.mark.parametrize(("dtype", "kept"), [(np.float64, np.float64), (np.int32, np.float32)])
def test_arrays_are_written_as_arrays_beside_what_was_beside_them(tmp_path: Path, dtype: type, kept: type) -> None:
    values, new = np.arange(12).reshape(4, 3), np.full((4, 3), 0.5, np.float32)
    np.save(tmp_path / "t.npy", values.astype(dtype))
    np.savez(tmp_path / "t.npz", X=values.astype(dtype), y=np.arange(4))
    for name in ("t.npy", "t.npz"):
        open_table(str(tmp_path / name)).write(torch.from_numpy(new), tmp_path / "out")
    found = np.load(tmp_path / "out" / "t.npy")
    assert (found == new).all()
    assert found.dtype == kept
    with np.load(tmp_path / "out" / "t.npz") as arrays:
        assert (arrays["X"] == new).all()
        assert (arrays["y"] == np.arange(4)).all()


def test_a_part_of_a_table_is_not_written_again(file: Callable[..., str]) -> None:
    path = file(*csv_of(VALUES))
    with pytest.raises(ArgumentError, match=r"^source option split .* got a table taken whole"):
        open_table(f"{path}?split=test")
    with pytest.raises(DataError, match=r"^there is no file .*none.csv; give a table in .csv"):
        open_table(path.replace("t.csv", "none.csv"))


def test_parquet_is_read_and_written(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "t.parquet"
    columns = {"a": VALUES[:, 0], "b": VALUES[:, 1], "kind": CLASSES}
    parquet.write_table(arrow.table(columns), path)
    splits = open_source(f"{path}?label=kind")
    assert splits.train.columns == ("a", "b")
    assert in_any_order(np.concatenate([splits.train.array, splits.test.array])) == in_any_order(VALUES[:, :2])
    assert splits.num_classes() == 3
    table = open_table(f"{path}?drop=kind")
    written = parquet.read_table(table.write(table.x + 1, tmp_path / "out"))
    assert written.column_names == ["a", "b", "kind"]
    assert written.column("kind").to_pylist() == CLASSES
    np.testing.assert_allclose(written.column("b").to_numpy(), VALUES[:, 1] + 1, rtol=1e-6)
    with pytest.raises(DataError, match=r"must hold numbers, got 'b' in row 0 of 'kind'; leave it out"):
        open_source(str(path))
    path.write_bytes(path.read_bytes()[:99])
    with pytest.raises(DataError, match="must be a Parquet file, and is not, or is damaged; write it again"):
        open_source(str(path))


def test_some_rows_are_spread_over_all(file: Callable[..., str]) -> None:
    found = open_split(f"{file('x,y', *(f'{row},{row // 10}' for row in range(40)))}?label=y", default="all")
    some = found.subset(8)
    assert len(some) == len(some.names) == 8
    assert some.labels is not None
    assert set(some.labels.tolist()) == {0, 1, 2, 3}
    assert (some.array[:, 0] // 10 == some.labels).all()
    assert found.subset(99).names == found.names


@pytest.mark.parametrize("far", [0, 10**9])
def test_rows_are_in_the_same_split_for_a_model_that_sees_fewer_columns(file: Callable[..., str], far: int) -> None:
    values = np.random.default_rng(1).normal(size=(60, 2)).tolist()
    for row in range(60):
        # Where this row is held out, c is constant over the others, and not learned.
        path = file("a,b,c,d", *(f"{a},{b},{far + (at == row)},{a * b}" for at, (a, b) in enumerate(values)))
        trained = open_source(path)
        if trained.train.columns == ("a", "b", "d"):
            break
    else:
        pytest.fail("no such row was held out")
    again = open_source(path, columns=trained.train.columns)
    for before, after in ((trained.train, again.train), (trained.test, again.test)):
        np.testing.assert_array_equal(before.array, after.array)
        assert before.fingerprint == after.fingerprint


def test_a_text_that_a_model_does_not_see_is_said_to_tell_no_rows_apart(file: Callable[..., str]) -> None:
    path, said = file("a,b,c,d", *(f"{line},word" for line in csv_of(VALUES, header=None))), list[str]()
    open_source(path, columns=("a", "b", "c"), say=said.append)
    assert said[0] == f"{path}: rows are held out by the model's columns alone, since others are no numbers"


def test_whole_numbers_that_a_model_does_not_see_stay_exact(tmp_path: Path) -> None:
    array = np.stack([np.arange(40), 123456789 + np.arange(40)], axis=1)
    np.save(tmp_path / "t.npy", array)
    table = open_table(f"{tmp_path}/t.npy?drop=1")
    written = np.load(table.write(table.x + 0.5, tmp_path / "out"))
    np.testing.assert_array_equal(written[:, 1], array[:, 1])


def test_columns_that_are_found_by_their_order_are_said(file: Callable[..., str]) -> None:
    for header, columns, unnamed in (
        ("a,b,c", ("0", "1", "2"), "the model's data"),
        (None, ("a", "b", "c"), "the table"),
    ):
        path, said = file(*csv_of(VALUES, header=header)), list[str]()
        open_table(path, columns=columns, say=said.append)
        assert said == [f"{path}: columns are taken in their order, since {unnamed} has no names"]


def test_each_reason_to_leave_a_column_out_is_said_in_its_own_words() -> None:
    left_out = (("a", "constant"), ("b", "row numbers"), ("c", "constant"))
    assert left_out_notices(left_out, "t.csv") == [
        "t.csv: left out 'b', which numbers or names the rows",
        "t.csv: left out 'a', 'c', which have one value each",
    ]
