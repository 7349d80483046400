"""What an encoding makes of a table, decoded, is the table: units, dates, flags, categories and missing cells."""

import numpy as np
import torch

from copyist.data.decoded_table import decode_rows
from copyist.data.encoded_source import encode_source

MODES = ("idle", "slow", "fast")


def machines(count: int) -> dict[str, list[object]]:
    rng = np.random.default_rng(0)
    load = rng.normal(1e3, 5, count)
    return {
        "temp": [round(float(value), 3) for value in rng.normal(20, 3, count)],
        "load": [None if row % 9 == 4 else round(float(value), 2) for row, value in enumerate(load)],
        "mode": [MODES[each] for each in rng.integers(0, 3, count)],
        "site": [None if row % 11 == 3 else "AB"[row % 2] for row in range(count)],
        "part": [f"P{each:03}" for each in rng.integers(0, 60, count)],
        "built": [f"20{10 + each % 9}-0{1 + each % 9}-1{each % 10}" for each in rng.integers(0, 400, count).tolist()],
        "is_new": [("yes", "no")[each] for each in rng.integers(0, 2, count)],
        "maker": ["Acme"] * count,
    }


def test_an_encoded_table_decodes_to_itself() -> None:
    table = machines(400)
    encoding = encode_source(table).encoding
    encoded = encoding.encode(table)
    cells = decode_rows(encoding, encoded.rows, encoded)
    assert list(cells) == list(table)
    for name, given in table.items():
        texts = ["" if cell is None else str(cell) for cell in given]
        if name in ("temp", "load"):  # As numbers: encoded ones have 32 bits.
            assert [text == "" for text in cells[name]] == [text == "" for text in texts]
            pairs = [(float(ours), float(theirs)) for ours, theirs in zip(cells[name], texts, strict=True) if theirs]
            np.testing.assert_allclose(*np.array(pairs).T, rtol=1e-5)
        else:
            assert cells[name] == texts, name


def test_the_largest_number_names_a_category_and_a_marked_cell_is_empty() -> None:
    table = machines(400)
    encoding = encode_source(table).encoding
    encoded = encoding.encode(table)
    rows, names = encoded.rows.clone(), list(encoding.encoded_names)
    rows[:, [names.index(f"mode (= {mode})") for mode in MODES]] = torch.tensor([0.3, 0.1, 0.4])
    rows[5, names.index("load (missing)")] = 0.9
    rows[6, names.index("temp (scaled)")] = 0.0
    cells = decode_rows(encoding, rows, encoded)
    assert set(cells["mode"]) == {"fast"}
    assert cells["load"][5] == ""
    middle = float(np.median([value for value in table["temp"] if isinstance(value, float)]))
    assert abs(float(cells["temp"][6]) - middle) < 1
    changed = table | {"maker": ["Other", *table["maker"][1:]]}
    again = encoding.encode(changed)
    assert set(decode_rows(encoding, again.rows, again)["maker"]) == {"Acme"}
