"""A table as people have it becomes the same rows wherever it comes from, and what is not as in fitting is said."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from copyist.data import EncodedSource, TableEncoding, encode_source, open_source
from copyist.errors import ArgumentError, CopyistError, DataError, ShapeError, UnknownNameError

COUNT = 120
RNG = np.random.default_rng(0)
DAYS = [date(2024, 1, 1) + timedelta(days=day) for day in range(COUNT)]
TABLE: dict[str, list[Any]] = {
    "temp": RNG.normal(20, 3, COUNT).round(3).tolist(),
    "load": [None if row % 17 == 3 else value for row, value in enumerate(RNG.normal(0, 50, COUNT).round(2).tolist())],
    "kind": [("red", "green", "blue", "green")[row % 4] for row in range(COUNT)],
    "on": [row % 3 == 0 for row in range(COUNT)],
    "born": [DAYS[(row * 37) % COUNT] for row in range(COUNT)],
    "status": ["OK"] * COUNT,
}
ROW = {"temp": 21.0, "load": 10.0, "kind": "red", "on": True, "born": date(2024, 2, 3), "status": "OK"}


def encoding_of(table: Mapping[str, Sequence[Any]], **options: Any) -> TableEncoding:
    return encode_source(table, **options).encoding


def training_rows(found: EncodedSource) -> list[int]:
    return [int(name) for name in found.splits.train.names]


@pytest.fixture(scope="module")
def found() -> EncodedSource:
    return encode_source(TABLE)


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., str]:
    """A text file of a table."""

    def write(table: Mapping[str, Sequence[Any]], name: str = "t.csv", *, delimiter: str = ",") -> str:
        lines = [[*table], *zip(*table.values(), strict=True)]
        texts = ["" if cell is None else str(cell) for line in lines for cell in line]
        rows = [delimiter.join(texts[start : start + len(table)]) for start in range(0, len(texts), len(table))]
        (tmp_path / name).write_text("\n".join(rows) + "\n")
        return str(tmp_path / name)

    return write


def test_numbers_are_scaled_as_by_scikit_learn(found: EncodedSource) -> None:
    from sklearn.preprocessing import RobustScaler

    rows = training_rows(found)
    table = np.array([TABLE["temp"], [np.nan if each is None else each for each in TABLE["load"]]]).T[rows]
    expected = RobustScaler().fit_transform(table)
    train = found.splits.train
    ours = train.array[:, [train.columns.index(f"{name} (scaled)") for name in ("temp", "load")]]
    known = ~np.isnan(expected)
    np.testing.assert_allclose(ours[known], expected[known], rtol=1e-6, atol=1e-6)
    # A missing cell is the median, and marked.
    assert (ours[~known] == 0).all()
    assert (train.array[:, train.columns.index("load (missing)")] == ~known[:, 1]).all()


def test_categories_are_encoded_as_by_scikit_learn(found: EncodedSource) -> None:
    from sklearn.preprocessing import OneHotEncoder

    texts = np.array(TABLE["kind"], dtype=object)[training_rows(found), None]
    encoder = OneHotEncoder(sparse_output=False).fit(texts)
    train = found.splits.train
    ours = [place for place, name in enumerate(train.columns) if name.startswith("kind")]
    np.testing.assert_array_equal(train.array[:, ours], encoder.transform(texts))
    assert [train.columns[place] for place in ours] == [f"kind (= {each})" for each in encoder.categories_[0]]


def test_rare_categories_share_a_column_as_by_scikit_learn() -> None:
    from sklearn.preprocessing import OneHotEncoder

    kinds = ["a"] * 60 + ["b"] * 50 + [f"rare {row}" for row in range(10)]
    result = encode_source({"kind": kinds, "x": np.arange(120.0) ** 2})
    texts = np.array(kinds, dtype=object)[training_rows(result), None]
    encoder = OneHotEncoder(sparse_output=False, min_frequency=2, handle_unknown="infrequent_if_exist").fit(texts)
    np.testing.assert_array_equal(result.splits.train.array[:, :3], encoder.transform(texts))
    new = result.encoding.encode({"kind": ["rare 99"], "x": [4.0]})
    assert new.rows[0, :3].tolist() == [0, 0, 1]
    assert not new.departures.any()


def test_many_categories_become_the_logarithms_of_their_shares() -> None:
    names = [f"{letter}{digit}" for letter in "abcdefgh" for digit in range(5)]
    sites = [names[row % 40] for row in range(240)] + ["a0"] * 60
    result = encode_source({"site": sites, "x": np.arange(300.0) ** 2})
    train = [sites[row] for row in training_rows(result)]
    shares = {site: train.count(site) / len(train) for site in set(train)}
    expected = np.log([shares[site] for site in train])
    np.testing.assert_allclose(result.splits.train.array[:, 0], expected, rtol=1e-6)


def test_nothing_is_fitted_on_rows_that_are_not_of_training(csv: Callable[..., str]) -> None:
    table = {"x": RNG.normal(size=COUNT).round(4).tolist(), "y": RNG.normal(size=COUNT).round(4).tolist()}
    before = encode_source(csv(table))
    for part in (before.splits.test, before.splits.calibration):
        assert part is not None
        assert {*part.names}.isdisjoint(before.splits.train.names)
    expected = np.median([table["x"][row] for row in training_rows(before)])
    first = before.encoding.document()["encoders"][0]
    assert first["center"] == expected


def test_a_table_of_numbers_has_the_rows_and_splits_of_training_alone(csv: Callable[..., str]) -> None:
    table = {name: RNG.normal(5, 100, COUNT).round(4).tolist() for name in "abc"}
    path = f"{csv(table)}?calibration=0.3&test=0.2&split_seed=3"
    result, plain = encode_source(path), open_source(path)
    center, scale = (
        np.array([each[name] for each in result.encoding.document()["encoders"]]) for name in ("center", "scale")
    )
    for ours, theirs in zip(vars(result.splits).values(), vars(plain).values(), strict=True):
        assert ours.names == theirs.names
        np.testing.assert_allclose(ours.array * scale + center, theirs.array, rtol=1e-5, atol=1e-4)


def test_the_same_content_has_the_same_splits_in_every_format(csv: Callable[..., str], tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(TABLE), tmp_path / "t.parquet")
    results = [encode_source(each) for each in (TABLE, csv(TABLE), str(tmp_path / "t.parquet"), pa.table(TABLE))]
    assert len({result.splits.calibration.names for result in results if result.splits.calibration}) == 1
    for other in results[1:]:
        assert other.encoding == results[0].encoding
        assert (other.splits.train.array == results[0].splits.train.array).all()


def test_an_encoding_is_the_same_after_its_document(found: EncodedSource) -> None:
    again = TableEncoding.from_document(json.loads(json.dumps(found.encoding.document())))
    assert again == found.encoding
    assert torch.equal(again.rows(TABLE), found.encoding.rows(TABLE))
    with pytest.raises(ArgumentError, match="of a version up to 1, got 2; upgrade copyist"):
        TableEncoding.from_document(found.encoding.document() | {"version": 2})


def test_columns_are_found_by_name_in_any_order(found: EncodedSource, csv: Callable[..., str]) -> None:
    turned = dict(reversed(TABLE.items()))
    expected = found.encoding.rows(TABLE)
    assert torch.equal(found.encoding.rows(turned), expected)
    assert torch.equal(found.encoding.rows(csv(turned)), expected)


def test_one_row_is_encoded_as_among_others(found: EncodedSource, csv: Callable[..., str]) -> None:
    together = found.encoding.rows(TABLE)
    for row in range(0, COUNT, 29):
        alone = {name: [cells[row]] for name, cells in TABLE.items()}
        assert torch.equal(found.encoding.rows(alone), together[row : row + 1])
        assert torch.equal(found.encoding.rows(csv(alone)), together[row : row + 1])
        assert torch.equal(found.encoding.rows({name: cells[row] for name, cells in TABLE.items()}), together[[row]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temp": "warm"}, r"column 'temp' of the table must hold numbers, .* got 'warm' in row 0; correct or empty"),
        ({"temp": np.inf}, r"column 'temp' of the table must hold finite numbers, got inf in row 0; correct or empty"),
        ({"temp": date(2024, 1, 1)}, r"must hold numbers, as what it was fitted on, got '2024-01-01' in row 0"),
        ({"on": 2.0}, r"column 'on' of the table must hold booleans, .* got '2' in row 0"),
        ({"born": "yesterday"}, r"column 'born' of the table must hold dates, .* got 'yesterday' in row 0"),
        ({"born": 1.0}, r"column 'born' of the table must hold dates, .* got '1' in row 0"),
        ({"kind": [b"\xff"]}, r"column 'kind' of the table must hold numbers or texts, got values of type binary"),
    ],
)
def test_a_cell_of_another_kind_is_refused_by_row_and_value(
    found: EncodedSource, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        found.encoding.rows(ROW | change)


def test_columns_that_are_missing_or_renamed_are_refused_by_name(found: EncodedSource) -> None:
    others = {name: cell for name, cell in ROW.items() if name != "temp"}
    with pytest.raises(ShapeError, match=r"^the table must have all columns .* has none called 'temp'; add what is"):
        found.encoding.rows(others)
    with pytest.raises(ShapeError, match=r"and has none called 'temp'; did you mean 'Temp'\?"):
        found.encoding.rows(others | {"Temp": 1.0})


def test_more_columns_are_refused_by_name_or_ignored(found: EncodedSource, csv: Callable[..., str]) -> None:
    wide = ROW | {"color": "red", "size": 3}
    with pytest.raises(
        ShapeError, match=r"no others, got also 'color', 'size'; leave them out of the table, or pass ign"
    ):
        found.encoding.rows(wide)
    path = csv({name: [cell] for name, cell in wide.items()})
    with pytest.raises(ShapeError, match=r"leave them out by \?drop=color,size, or ignore all such by --ignore-extra$"):
        found.encoding.rows(path)
    notices = list[str]()
    kept = found.encoding.encode(wide, ignore_extra=True, say=notices.append).rows
    assert notices == ["the table: left out 'color', 'size', unknown to the detector"]
    assert torch.equal(kept, found.encoding.rows(ROW))
    assert torch.equal(kept, found.encoding.rows(f"{path}?drop=color,size"))


def test_an_array_has_the_columns_in_their_order() -> None:
    values = RNG.normal(size=(COUNT, 3))
    encoding = encode_source(values).encoding
    notices = list[str]()
    named = encoding.encode({"a": values[:, 0], "b": values[:, 1], "c": values[:, 2]}, say=notices.append).rows
    assert torch.equal(named, encoding.rows(torch.from_numpy(values)))
    assert notices == ["the table: columns are taken in their order, since one of both tables has no names"]
    with pytest.raises(ShapeError, match="the 3 columns that the detector was fitted on, got 2 without names"):
        encoding.rows(values[:, :2])
    with pytest.raises(DataError, match=r"got float64 of shape \(3,\); give one row as x\[None\]"):
        encoding.rows(values[0])


def test_numbers_where_all_categories_were_texts_are_refused_and_a_few_new_ones_are_not(
    found: EncodedSource, csv: Callable[..., str]
) -> None:
    numbers = TABLE | {"kind": [f"{row / 4}" for row in range(COUNT)]}
    with pytest.raises(DataError, match=r"column 'kind' of .* must hold texts such as '.*', .* got numbers alone"):
        found.encoding.rows(csv(numbers))
    holes = numbers | {"kind": [None if row < 9 else cell for row, cell in enumerate(numbers["kind"])]}
    with pytest.raises(DataError, match=r"column 'kind' of .* got numbers alone, such as 2\.25; correct that column"):
        found.encoding.rows(csv(holes))
    with pytest.raises(DataError, match=r"column 'status' of .* must hold texts such as 'OK', .* got numbers alone"):
        found.encoding.rows(csv(TABLE | {"status": numbers["kind"]}))
    few = {name: cells[:3] for name, cells in numbers.items()}
    assert found.encoding.encode(csv(few)).departures.any()
    texts = TABLE | {"kind": [f"new{row}" for row in range(COUNT)]}
    assert found.encoding.encode(csv(texts)).departures.any()


@pytest.mark.parametrize(
    ("change", "column", "notice"),
    [
        ({"kind": "purple"}, "kind", "'kind' has a cell such as no training row had, 'purple' in row 0"),
        ({"temp": None}, "temp", "'temp' has a cell such as no training row had, none in row 0"),
        ({"status": "FAIL"}, "status", "'status' has a cell such as no training row had, 'FAIL' in row 0"),
        ({"status": None}, "status", "'status' has a cell such as no training row had, none in row 0"),
        ({"on": None}, "on", "'on' has a cell such as no training row had, none in row 0"),
    ],
)
def test_what_training_says_nothing_of_departs_and_is_said(
    found: EncodedSource, change: dict[str, Any], column: str, notice: str
) -> None:
    notices = list[str]()
    encoded = found.encoding.encode(ROW | change, say=notices.append)
    departing = [found.encoding.columns[place] for place in encoded.departures[0].nonzero()[:, 0].tolist()]
    assert departing == [column]
    assert notices == [f"the table: column {notice}, which counts as strange"]
    assert not found.encoding.encode(ROW).departures.any()
    # A cell that was missing in training too is none.
    assert not found.encoding.encode(ROW | {"load": None}).departures.any()


def test_a_constant_is_the_same_in_other_digits(csv: Callable[..., str]) -> None:
    table = {"x": TABLE["temp"], "unit": [0.1] * COUNT, "empty": [None] * COUNT}
    notices = list[str]()
    encoding = encoding_of(table, say=notices.append)
    assert encoding.encoded_names == ("x (scaled)",)
    assert notices == [
        "the table: 'empty' has no value in training; any will count as strange",
        "the table: 'unit' has one value only in training; any other will count as strange",
    ]
    row = {"x": 20.0, "unit": np.array([0.1], dtype=np.float32), "empty": None}
    assert not encoding.encode(row).departures.any()
    assert encoding.encode(row | {"unit": 0.2}).departures.tolist() == [[False, True, False]]
    assert encoding.encode(row | {"empty": "x"}).departures.tolist() == [[False, False, True]]


@pytest.mark.parametrize(
    "table",
    [
        {"a": [1.0] * COUNT, "b": ["x"] * COUNT},
        {"id": [*range(COUNT)], "name": [f"n{row}" for row in range(COUNT)]},
    ],
)
def test_a_table_of_constants_or_of_names_is_refused(table: Mapping[str, Sequence[Any]]) -> None:
    with pytest.raises(DataError, match="must have a column that varies over the 120 rows it is learned from"):
        encode_source(table)


def test_row_numbers_names_and_texts_are_left_out_with_a_notice() -> None:
    notices = list[str]()
    table = TABLE | {
        "number": (RNG.permutation(COUNT) + 7).tolist(),
        "serial": [f"SN-{row:05d}" for row in range(COUNT)],
        "remark": [f"remark {row // 2 * 2}" for row in range(COUNT - 20)] + ["fine"] * 20,
        "customer": [row * 100 + row % 7 for row in range(COUNT)],
    }
    encoding = encoding_of(table, say=notices.append)
    assert encoding.columns == (*TABLE, "customer")
    assert "the table: left out 'number', 'serial', which number or name the rows" in notices
    assert "the table: left out 'remark', whose texts are no categories" in notices
    assert "the table: 'customer' has another whole number in each row; where these name the rows, leave it out" in (
        notice.removesuffix(" of the table") for notice in notices
    )
    # They may come or not.
    row = ROW | {"customer": 5}
    assert torch.equal(encoding.rows(row), encoding.rows(row | {"serial": "new", "number": -1}))


def test_dates_are_days_and_those_that_order_the_rows_are_weekdays() -> None:
    notices = list[str]()
    encoding = encoding_of(TABLE | {"day": DAYS}, say=notices.append)
    names = encoding.encoded_names
    first, later = encoding.rows(ROW | {"day": DAYS[0]}), encoding.rows(ROW | {"day": DAYS[0] + timedelta(days=7_000)})
    assert "day (sine of weekday)" in names
    assert notices[-2:] == [
        "the table: 'day' orders the rows in time; weekday and time of day are learned, and not the date",
        "the table: 'born' is learned in days; later dates than those of training will look strange",
    ]
    assert torch.equal(first, later)
    born, center, scale = names.index("born (scaled)"), *_robust_days(encoding)
    moved = encoding.rows(ROW | {"day": DAYS[0], "born": date(2024, 3, 4)})[0, born] - first[0, born]
    assert float(moved) == pytest.approx(30 / scale, rel=1e-5)
    assert center > 19_000


@pytest.mark.parametrize(("form", "order"), [("%d/%m/%Y", range(COUNT)), ("%m/%d/%Y", RNG.permutation(COUNT))])
def test_a_day_of_two_months_is_read_as_in_fitting(csv: Callable[..., str], form: str, order: Sequence[int]) -> None:
    days = [DAYS[place] for place in order]
    table = {"when": [day.strftime(form) for day in days], "x": TABLE["temp"]}
    encoding = encode_source(csv(table)).encoding
    day = date(2024, 4, 3)
    assert torch.equal(
        encoding.rows({"when": day.strftime(form), "x": 1.0}), encoding.rows({"when": day.isoformat(), "x": 1.0})
    )


def _robust_days(encoding: TableEncoding) -> tuple[float, float]:
    born = next(each for each in encoding.document()["encoders"] if each["name"] == "born")
    return born["center"], born["scale"]


def test_seven_weekdays_lie_evenly_on_a_circle() -> None:
    encoding = encoding_of({"day": DAYS, "x": TABLE["temp"]})
    week = encoding.rows({"day": DAYS[:7], "x": [0.0] * 7})[:, :2].double()
    distances = torch.cdist(week, week)
    for days in range(1, 7):
        expected = 2 * np.sin(np.pi * days / 7)
        np.testing.assert_allclose([distances[day, (day + days) % 7] for day in range(7)], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"temp": [*TABLE["temp"][:50], "??!", *TABLE["temp"][51:]]},
            r"'temp' .* numbers alone, .* '\?\?!' in row 50;",
        ),
        (
            {"born": [*map(str, TABLE["born"][:9]), "soon", *map(str, TABLE["born"][10:])]},
            r"dates alone, .* 'soon' in row 9",
        ),
        (
            {"temp": [*TABLE["temp"][:50], -np.inf, *TABLE["temp"][51:]]},
            r"finite numbers, got -inf in row 50; .* \?drop=temp",
        ),
        (
            {"born": [f"0{row % 9 + 1}/03/2024" for row in range(COUNT)]},
            r"dates of one form, got '01/03/2024' .* two months",
        ),
    ],
)
def test_a_mistake_in_the_data_to_fit_on_is_refused_by_row(
    csv: Callable[..., str], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        encode_source(csv(TABLE | change))


def test_two_groups_of_rows_are_too_few_for_three_splits(csv: Callable[..., str]) -> None:
    rows = TABLE | {"side": ["left", "right"] * (len(next(iter(TABLE.values()))) // 2)}
    with pytest.raises(DataError, match=r"must have groups of rows for each of .* of the groups by 'side' for these; "):
        encode_source(f"{csv(rows)}?group=side")


def test_few_rows_are_refused_and_a_hundred_calibrate_a_rate_of_five_per_cent() -> None:
    def first(count: int) -> dict[str, list[Any]]:
        return {name: cells[:count] for name, cells in TABLE.items()}

    with pytest.raises(DataError, match=r"at least 50 different rows .* got 40 .*; add rows"):
        encode_source(first(40))
    with pytest.raises(DataError, match=r"got 3 different ones, and \d+, \d+, \d+ rows for these; add rows"):
        encode_source({name: cells * 40 for name, cells in first(3).items()})
    splits = encode_source(first(100)).splits
    assert splits.calibration is not None
    assert (len(splits.train), len(splits.test), len(splits.calibration)) == (71, 10, 19)


def test_a_decimal_comma_is_read_as_in_fitting(csv: Callable[..., str]) -> None:
    def european(table: Mapping[str, Sequence[Any]], name: str) -> str:
        texts = {key: [str(cell).replace(".", ",") for cell in cells] for key, cells in table.items()}
        return csv(texts, name, delimiter=";")

    values = {"a": (1000 + RNG.normal(size=COUNT)).round(3).tolist(), "b": RNG.normal(size=COUNT).round(3).tolist()}
    encoding, plain = encode_source(european(values, "eu.csv")).encoding, encode_source(csv(values)).encoding
    assert encoding.encoders == plain.encoders
    # Which of both parts decimals does not show in this row alone.
    expected = plain.rows({"a": 1000.0, "b": 2.0})
    assert torch.equal(encoding.rows(csv({"a": ["1.000"], "b": ["2"]}, "one.csv", delimiter=";")), expected)
    assert torch.equal(encoding.rows(f"{csv({'a': ['1000.0'], 'b': ['2']}, 'us.csv', delimiter=';')}"), expected)


def test_parquet_keeps_nulls_booleans_and_categories(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    codes = [str(row % 5) for row in range(COUNT)]
    flags = [None if row % 11 == 0 else row % 2 == 0 for row in range(COUNT)]
    columns = {"code": pa.array(codes).dictionary_encode(), "flag": pa.array(flags), "x": TABLE["load"]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    encoding = encode_source(str(tmp_path / "t.parquet")).encoding
    assert encoding.encoded_names == (
        *(f"code (= {code})" for code in range(5)), "flag (scaled)", "flag (missing)", "x (scaled)", "x (missing)",
    )  # fmt: skip
    # Categories that were numbers may come as numbers.
    assert torch.equal(
        encoding.rows({"code": 3, "flag": None, "x": 1.0}), encoding.rows({"code": "3", "flag": None, "x": 1})
    )
    assert encoding.rows({"code": 3, "flag": None, "x": 1.0})[0, :7].tolist() == [0, 0, 0, 1, 0, 0, 1]


def test_the_rows_of_one_class_are_fitted_on(csv: Callable[..., str]) -> None:
    classes = ["good" if row % 6 else "bad" for row in range(COUNT)]
    temp = [value if name == "good" else 1e6 for value, name in zip(TABLE["temp"], classes, strict=True)]
    path = csv(TABLE | {"temp": temp, "class": classes})
    result = encode_source(f"{path}?label=class&only=good")
    assert sum(map(len, filter(None, vars(result.splits).values()))) == 100
    assert float(result.splits.train.array.max()) < 1e3
    labels = result.encoding.encode(f"{path}?label=class").labels
    assert labels is not None
    assert [labels.names[number] for number in labels.numbers] == classes
    with pytest.raises(UnknownNameError, match=r"only= must be one of bad, good, got 'fine'"):
        encode_source(f"{path}?label=class&only=fine")


def test_contributions_are_folded_into_the_columns_of_the_table(found: EncodedSource) -> None:
    names = found.encoding.encoded_names
    parts = torch.rand(5, len(names))
    folded = found.encoding.fold(parts)
    assert folded.shape == (5, len(TABLE))
    torch.testing.assert_close(folded.sum(1), parts.sum(1))
    for place, column in enumerate(found.encoding.columns):
        own = [index for index, name in enumerate(names) if re.match(rf"{column} \(", name)]
        torch.testing.assert_close(folded[:, place], parts[:, own].sum(1))
    with pytest.raises(ShapeError, match=r"parts must have shape \(B, 8\), got \(5, 4\)"):
        found.encoding.fold(parts[:, :4])


def test_columns_of_several_lengths_are_refused() -> None:
    with pytest.raises(CopyistError, match="must have columns of as many cells each"):
        encode_source({"a": [1, 2], "b": [1]})


def test_a_data_frame_of_several_types_names_the_cell(found: EncodedSource) -> None:
    mixed = {name: [cell, cell] for name, cell in ROW.items()} | {"temp": [1.0, "warm"]}
    with pytest.raises(DataError, match=r"column 'temp' of the table must hold numbers, .* got 'warm' in row 1"):
        found.encoding.rows(mixed)


def test_rows_of_the_calibration_are_equal_to_training_rows_as_often_as_new_ones_are() -> None:
    """So that p-values hold for tables of a few categories, in which most rows are equal to others."""

    def draw(rng: np.random.Generator, count: int) -> dict[str, list[str]]:
        return {name: rng.choice(list("abcdef"), count, p=(0.5, 0.2, 0.1, 0.1, 0.05, 0.05)).tolist() for name in "uvw"}

    shares: list[tuple[float, float]] = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        found = encode_source(draw(rng, 500))
        calibration = found.splits.calibration
        assert calibration is not None
        known = {row.tobytes() for row in found.splits.train.array}
        new = found.encoding.rows(draw(rng, 2000)).numpy()
        old, fresh = ([row.tobytes() in known for row in rows] for rows in (calibration.array, new))
        shares.append((float(np.mean(old)), float(np.mean(fresh))))
    of_calibration, of_new = np.mean(shares, 0)
    assert of_new > 0.5
    # Of 450 rows of calibration in all.
    assert abs(of_calibration - of_new) < 3 * np.sqrt(of_new * (1 - of_new) / 450)
