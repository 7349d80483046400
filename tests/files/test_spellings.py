"""Cells are numbers in many spellings, and new numbers are written in the same one."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from copyist.data import open_source, open_split, open_table
from copyist.errors import DataError
from copyist.files.spellings import read_texts

COUNT = 20
DAY = date(2024, 1, 25)
EPOCH = date(1970, 1, 1)


def write(path: Path, header: str, cell: Callable[[int], str], *, end: str = "\n", encoding: str = "utf-8") -> str:
    lines = [header, *(cell(row) for row in range(COUNT))]
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return str(path)


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("a,b", lambda row: f'"{10224 + row:,}",{row}.5', lambda row: 10224 + row),
        ("a;b", lambda row: f"{row},5;{row}", lambda row: row + 0.5),
        ("a;b", lambda row: f"{row + 1}.{234:03d}.567,5;x", lambda row: (row + 1) * 1e6 + 234567.5),
        ("a;b", lambda row: f"{row + 1} 234,25;x", lambda row: (row + 1) * 1000 + 234.25),
        ("a;b", lambda row: f"{row + 1}'234.25;x", lambda row: (row + 1) * 1000 + 234.25),
        ("a,b", lambda row: f"{row}.5%,{row}", lambda row: row + 0.5),
        ("a,b", lambda row: f'"-${row + 1:,}.50",{row}', lambda row: -row - 1.5),
        ("a;b", lambda row: f"{row},50 €;{row}", lambda row: row + 0.5),
        ("a,b", lambda row: f"{('yes', 'no')[row % 2]},{row}", lambda row: 1 - row % 2),
        ("a,b", lambda row: f"{('TRUE', 'FALSE')[row % 2]},{row}", lambda row: 1 - row % 2),
        ("a,b", lambda row: f"{DAY + timedelta(row)},{row}", lambda row: (DAY - EPOCH).days + row),
        ("a,b", lambda row: f"{DAY + timedelta(row):%d.%m.%Y},{row}", lambda row: (DAY - EPOCH).days + row),
        ("a,b", lambda row: f"{DAY + timedelta(row):%m/%d/%Y},{row}", lambda row: (DAY - EPOCH).days + row),
        ("a,b", lambda row: f"{DAY + timedelta(row)}T06:00:00Z,{row}", lambda row: (DAY - EPOCH).days + row + 0.25),
        ("a|b", lambda row: f"{row}e-1|{row}", lambda row: row / 10),
    ],
)
def test_a_spelling_is_read_and_kept(
    header: str, cell: Callable[[int], str], value: Callable[[int], float], tmp_path: Path
) -> None:
    source = write(tmp_path / "t.csv", header, cell) + ("?drop=b" if "x" in cell(0) else "")
    table = open_table(source)
    expected = [value(row) for row in range(COUNT)]
    np.testing.assert_allclose(table.x[:, 0].numpy(), expected, rtol=1e-7)
    again = open_table(str(table.write(table.x, tmp_path / "out")) + ("?drop=b" if "x" in cell(0) else ""))
    np.testing.assert_allclose(again.x[:, 0].numpy(), expected, rtol=1e-7)
    first = [line.split("|")[0].split(";")[0] for line in (tmp_path / "out" / "t.csv").read_text().splitlines()]
    marks = set(cell(3).split(";")[0].split("|")[0]) - set("0123456789.,e-")
    assert all(marks <= set(line) | {"y", "e", "s", "n", "o", *"TRUEFALS"} for line in first[1:])


@pytest.mark.parametrize(
    ("header", "cell", "message"),
    [
        (
            "a;b",
            lambda row: f"1,{row:03d};{row}",
            r"got '1,000' in row 0 of 'a', .* add \?decimal=point, or \?decimal=com",
        ),
        (
            "a,b",
            lambda row: f"{row:03d},{row}",
            r"got '000' in row 0 of 'a', whose leading zeros make it a text; leave",
        ),
        (
            "a,b",
            lambda row: f"{2**60 + row},{row}",
            r"of 'a', which 64-bit floats do not tell from others; leave it out",
        ),
        (
            "a,b",
            lambda row: f"{1 + row % 9:02d}/01/2024,{row}",
            r"got '01/01/2024' in row 0 of 'a', which may be a day",
        ),
    ],
)
def test_a_spelling_that_says_two_things_is_refused(
    header: str, cell: Callable[[int], str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        open_source(write(tmp_path / "t.csv", header, cell))


@pytest.mark.parametrize(("option", "value"), [("comma", 1.002), ("point", 1002)])
def test_what_marks_decimals_may_be_said(option: str, value: float, tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", "a;b", lambda row: f"1,{row:03d};{row}")
    assert open_table(f"{source}?decimal={option}").x[2, 0].item() == pytest.approx(value)


@pytest.mark.parametrize(
    ("header", "cell", "columns"),
    [
        ("0,1,2,3", lambda row: f"{row}.5,{row},{row * row},{row % 3}", ("0", "1", "2", "3")),
        (",0,1,2", lambda row: f"{row},{row}.5,{row * row},{row % 3}", ("0", "1", "2")),
        (",a,b", lambda row: f"{row},{row}.5,{row * row}", ("a", "b")),
        ("Unnamed: 0,a,b", lambda row: f"{row},{row}.5,{row * row}", ("a", "b")),
        ('"a","b"', lambda row: f'"r{row}",{row}.5,{row * row}', ("a", "b")),
        ("a,b,", lambda row: f"{row}.5,{row * row},", ("a", "b")),
        ("id,2019,2020", lambda row: f"{row * 7},{row * 1000},{row**3}", ("id", "2019", "2020")),
        ("400,402,404", lambda row: f"{row}.25,{row}.5,{row}.75", ("400", "402", "404")),
    ],
)
def test_rows_of_numbers_may_be_names_and_row_numbers_are_left_out(
    header: str, cell: Callable[[int], str], columns: tuple[str, ...], tmp_path: Path
) -> None:
    source = write(tmp_path / "t.csv", header, cell)
    found = open_split(source, default="all")
    assert (found.columns, len(found)) == (columns, COUNT)
    table = open_table(source)
    assert table.write(table.x, tmp_path / "out").read_text().splitlines()[0] == header


@pytest.mark.parametrize(
    "rows", [np.arange(200).reshape(20, 10), np.arange(1, 61).reshape(20, 3), np.eye(20, dtype=int)]
)
def test_rows_of_whole_numbers_are_no_names(rows: np.ndarray, tmp_path: Path) -> None:
    np.savetxt(tmp_path / "t.csv", rows, fmt="%d", delimiter=",")
    assert len(open_split(f"{tmp_path}/t.csv", default="all")) == 20


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
def test_bytes_that_are_not_replaced_stay(encoding: str, end: str, tmp_path: Path) -> None:
    source = write(
        tmp_path / "t.csv.gz",
        'größe,"b, c",d',
        lambda row: f'"é, ""{row}""",{row},"{row}.5"',
        end=end,
        encoding=encoding,
    )
    plain = Path(source).read_bytes()
    Path(source).write_bytes(gzip.compress(plain))
    table = open_table(f"{source}?drop=größe,b%2C c")
    assert gzip.decompress(table.write(table.x, tmp_path / "out").read_bytes()) == plain
    assert open_table(f"{source}?drop=größe,b, c").columns == ("d",)
    table = open_table(f"{source}?drop=größe")
    # A whole number is written in the fewest digits, as it was.
    assert gzip.decompress(table.write(table.x, tmp_path / "out").read_bytes()) == plain


def test_a_remedy_works_when_it_is_copied(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", '"a, b?","c&d",50%,e', lambda row: f"x,y,z,{row}")
    with pytest.raises(DataError, match=r"leave them out by (\S.*)$") as refusal:
        open_source(source)
    option = str(refusal.value).rpartition("out by ")[2]
    assert open_source(source + option).train.columns == ("e",)


def test_columns_far_from_0_are_kept_to_the_last_digit(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", "time,b", lambda row: f"{1_700_000_000 + row},{row * row}")
    table = open_table(source)
    assert table.x[:, 0].tolist() == [1_700_000_000 + row for row in range(COUNT)]
    assert table.write(table.x, tmp_path / "out").read_bytes() == Path(source).read_bytes()


def test_types_of_parquet_stay(tmp_path: Path) -> None:
    zone = UTC
    columns = {
        "i": pa.array(range(COUNT), pa.int8()),
        "day": pa.array([DAY + timedelta(row) for row in range(COUNT)]),
        "time": pa.array(
            [datetime(2024, 1, 1, row, 5, tzinfo=zone) for row in range(COUNT)], pa.timestamp("ns", "UTC")
        ),
        "flag": pa.array([row % 2 == 0 for row in range(COUNT)]),
        "price": pa.array([Decimal(row) / 4 for row in range(COUNT)], pa.decimal128(9, 2)),
        "text": pa.array([f"{row}.5" for row in range(COUNT)]),
        "kind": pa.array([row / 8 for row in range(COUNT)]).dictionary_encode(),
        "half": pa.array(np.arange(COUNT, dtype=np.float16)),
    }
    given = pa.table(columns).replace_schema_metadata({"who": "me"})
    parquet.write_table(given, tmp_path / "t.parquet", compression="zstd")
    table = open_table(f"{tmp_path}/t.parquet")
    out = table.write(table.x, tmp_path / "out")
    written = parquet.read_table(out)
    assert written.to_pydict() == given.to_pydict()
    assert {name: str(of.type) for name, of in zip(given.column_names, written.schema, strict=True)} == {
        name: "double" if name == "i" else str(of.type)
        for name, of in zip(given.column_names, parquet.read_schema(tmp_path / "t.parquet"), strict=True)
    }
    assert written.schema.metadata == {b"who": b"me"}
    assert parquet.ParquetFile(out).metadata.row_group(0).column(0).compression == "ZSTD"


def test_columns_of_parquet_that_are_no_numbers_are_refused_by_name(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [[1, 2]] * 9, "b": range(9)}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"got values of type list<element: int64> of 'a'; leave it out by \?drop=a"):
        open_source(f"{tmp_path}/t.parquet")
    twice = pa.Table.from_arrays([pa.array([1.0, 2.0, 3.0])] * 2, names=["a", "a"])
    parquet.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(DataError, match=r"must have names of their own, got 'a' twice; rename one$"):
        open_source(f"{tmp_path}/twice.parquet")


@pytest.mark.parametrize("ending", ["parquet", "csv", "csv.gz"])
def test_a_folder_of_parts_is_one_table(ending: str, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    for part in range(3):
        path = folder / f"year=202{part}" / f"part-{part:04d}.{ending}"
        path.parent.mkdir(parents=True)
        rows = range(10 * part, 10 * part + 10)
        content = "".join(["a,b\n", *(f"{row},{row * row}\n" for row in rows)]).encode()
        if ending == "parquet":
            parquet.write_table(pa.table({"a": rows, "b": [float(row * row) for row in rows]}), path)
        else:
            path.write_bytes(gzip.compress(content) if ending == "csv.gz" else content)
    (folder / "_SUCCESS").touch()
    said = list[str]()
    table = open_table(str(folder), say=said.append)
    assert table.x[:, 0].tolist() == list(range(30))
    assert said == ["folders are named by year, which is not learned"]
    again = open_table(str(table.write(table.x + 1, tmp_path / "out")))
    assert again.x[:, 0].tolist() == list(range(1, 31))
    assert (tmp_path / "out" / "parts" / "year=2021" / f"part-0001.{ending}").is_file()


def test_parts_of_other_columns_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "1.csv", "a,b", lambda row: f"{row},{row * row}")
    write(tmp_path / "2.csv", "a,c", lambda row: f"{row},{row * row}")
    with pytest.raises(DataError, match=r"must have the same columns, got 'b' and 'c' in 1.csv and 2.csv; name one of"):
        open_source(str(tmp_path))


def test_parts_that_are_named_for_them_are_the_splits(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", "a,b", lambda row: f"{row},{row * row}")
    write(tmp_path / "test.csv", "a,b", lambda row: f"{-row},{row}")
    splits = open_source(str(tmp_path))
    assert (len(splits.train), len(splits.test)) == (COUNT, COUNT)
    assert splits.test.array[:, 0].max() == 0


@pytest.mark.slow
def test_a_large_text_is_read_in_little_memory(tmp_path: Path) -> None:
    """Of 34 MB, beside what imports take; a reader of lists of texts took more than 700 MB."""
    np.savetxt(tmp_path / "t.csv", np.random.default_rng(0).normal(size=(200_000, 20)), fmt="%.5f", delimiter=",")
    program = (
        "import resource, sys; from copyist.data import open_split;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "found = open_split(sys.argv[1], default='all');"
        "print(len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, f"{tmp_path}/t.csv"], capture_output=True, text=True, check=True
    )
    rows, kilobytes = map(int, done.stdout.split())
    assert rows == 200_000
    assert kilobytes < 300_000


@pytest.mark.parametrize(
    ("above", "mark"),
    [
        ("sep=;\n", ";"),
        ("# made by a logger\n# 2 channels, 20 rows\n", ","),
        ("# one; two\n\n", ","),
        ("SEP=\t\r\n", "\t"),
    ],
)
@pytest.mark.parametrize("names", [True, False])
def test_what_stands_above_a_table_stays_and_is_no_row(above: str, mark: str, names: bool, tmp_path: Path) -> None:
    rows = "".join(f"{row}.5{mark}{row * row}\n" for row in range(COUNT))
    content = above + (f"a{mark}b\n" if names else "") + rows
    (tmp_path / "t.csv").write_bytes(content.encode())
    table = open_table(f"{tmp_path}/t.csv")
    assert table.columns == (("a", "b") if names else ("0", "1"))
    assert table.x[3].tolist() == [3.5, 9.0]
    assert table.write(table.x, tmp_path / "out").read_bytes() == content.encode()


def test_a_row_of_names_may_begin_with_a_hash(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", "#a,b", lambda row: f"{row}.5,{row * row}")
    assert open_table(source).columns == ("#a", "b")


def test_a_line_of_units_is_named_as_what_to_remove(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", "length,mass\nm,kg", lambda row: f"{row}.5,{row * row}")
    with pytest.raises(
        DataError, match=r"got 'm' in row 0 of 'length', 'mass', above nothing but numbers; remove that"
    ):
        open_table(source)


def test_texts_of_thousands_of_rows_are_no_numbers() -> None:
    assert read_texts(pa.array(["on", "off", "idle"] * 2000)).values is None


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train-00000-of-00001.csv", "test-00000-of-00001.csv"),
        ("train_1.csv", "test_1.csv"),
        ("train_set/a.csv", "test_set/a.csv"),
        ("data/Training.csv", "data/eval.csv"),
    ],
)
def test_names_of_parts_make_splits_as_those_of_folders_of_images(train: str, test: str, tmp_path: Path) -> None:
    for name, sign in ((train, 1), (test, -1)):
        (tmp_path / "t" / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / "t" / name, "a,b", lambda row, sign=sign: f"{sign * (row + 1)},{row}")
    splits = open_source(str(tmp_path / "t"))
    assert (splits.train.array[:, 0] > 0).all()
    assert (splits.test.array[:, 0] < 0).all()


def test_parts_that_no_split_takes_and_results_are_left_out_and_said(tmp_path: Path) -> None:
    for place, name in enumerate(["train", "val", "test", "more", "run/history"]):
        path = tmp_path / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        write(path, "a,b", lambda row, place=place: f"{100 * place + row},{row}")
    (tmp_path / "notes.md").touch()
    said = list[str]()
    splits = open_source(str(tmp_path), without=tmp_path / "run", say=said.append)
    assert (len(splits.train), len(splits.test)) == (COUNT, COUNT)
    assert said == [
        f"passed over {tmp_path}/run, where the results go",
        f"left out what is no part of a table in {tmp_path}, 1 file: notes.md",
        f"left out more.csv, val.csv of {tmp_path}, beside the files to train and to test on",
    ]


def test_parts_are_found_through_links_and_linked_images_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    write(tmp_path / "far" / "1.csv", "a,b", lambda row: f"{row},{row * row}")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "near").symlink_to(tmp_path / "far")
    assert open_split(str(tmp_path / "t"), default="all").columns == ("a", "b")
    Image.new("L", (8, 8)).save(tmp_path / "far" / "1.png")
    write(tmp_path / "t" / "labels.csv", "a,b", lambda row: f"{row},{row * row}")
    assert open_split(str(tmp_path / "t"), default="all").shape == (1, 8, 8)


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("text", ["192.168.100.{}", "10.0.0.{}", "1.002.{}.4", "v1.000.{}"])
def test_addresses_and_versions_prove_no_decimal_comma(text: str, delimiter: str, tmp_path: Path) -> None:
    cells = [text.format(100 + row) for row in range(COUNT)]
    source = write(tmp_path / "t.csv", f"a{delimiter}b", lambda row: f"1.{row:03d}{delimiter}{cells[row]}")
    assert open_table(f"{source}?drop=b").x[1, 0].item() == pytest.approx(1.001)


def test_thousands_parted_by_points_prove_a_decimal_comma_between_semicolons_only(tmp_path: Path) -> None:
    for delimiter, value in ((";", 1001), (",", 1.001)):
        source = write(
            tmp_path / "t.csv", f"a{delimiter}b", lambda row, mark=delimiter: f"1.{row:03d}{mark}7.{row:03d}.300"
        )
        assert open_table(f"{source}?drop=b").x[1, 0].item() == pytest.approx(value)
