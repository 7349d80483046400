"""A detector is fitted by a good recipe for what it is given, and by a robust one where outliers may be among it."""

from pathlib import Path

import numpy as np
import pytest

from copyist.data import pack_source, parse_source
from copyist.detection.measures import Combined, CopyDistance, ExampleDistance, LocalError
from copyist.errors import ArgumentError
from copyist.recipes.configured_detectors import configured_detector
from copyist.recipes.detectors import image_detector, repairing_detector, table_detector


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    np.savetxt(path, np.random.default_rng(0).normal(size=(40, 3)), delimiter=",", header="a,b,c", comments="")
    return str(path)


def test_rows_are_judged_by_the_detector_of_tables(table: str) -> None:
    assert configured_detector(data=table) == table_detector(data=table)
    robust = configured_detector(data=table, may_hold_outliers=True)
    assert robust == table_detector(data=table, may_hold_outliers=True)
    assert robust.trained.training.trimmed > 0


def test_where_outliers_may_be_no_neighborhood_is_a_fixed_number_of_rows() -> None:
    measure = table_detector(may_hold_outliers=True).measure
    assert isinstance(measure, Combined)
    sizes = [each.neighbors for each in measure.measures if isinstance(each, ExampleDistance | CopyDistance)]
    assert sizes
    assert all(size < 1 for size in sizes)


def test_another_recipe_also_leaves_the_strangest_rows_out(table: str) -> None:
    named = configured_detector("table", data=table, may_hold_outliers=True)
    assert named.name == "table"
    assert named.trained.training.trimmed == table_detector(may_hold_outliers=True).trained.training.trimmed
    assert configured_detector("table", data=table).trained.training.trimmed == 0


def test_parts_of_the_default_are_found_by_name_as_it_has_them(table: str) -> None:
    of_images = configured_detector("repairing-unet", data="faces")
    assert isinstance(of_images.measure, Combined)
    assert configured_detector(data="faces", measure="combined") == of_images
    assert configured_detector(data="faces", measure="local-code-distance").measure == of_images.measure.measures[0]
    assert configured_detector(data=table, measure="combined") == table_detector(data=table)
    robust = configured_detector(data=table, measure="copy-distance", may_hold_outliers=True)
    assert isinstance(robust.measure, CopyDistance)
    assert robust.measure.neighbors < 1


@pytest.mark.parametrize("measure", ["combined", "local-code-distance"])
def test_a_measure_made_for_the_usual_model_is_refused_beside_another_recipe(measure: str) -> None:
    with pytest.raises(ArgumentError, match=f"the measure {measure} must be made for its model, of the recipe repair"):
        configured_detector("unet", data="faces", measure=measure)


def test_outliers_among_images_are_refused() -> None:
    with pytest.raises(ArgumentError, match="--may-hold-outliers is for tables only"):
        configured_detector(data="faces", may_hold_outliers=True)


def test_images_are_judged_by_contrasts_unless_a_trained_net_or_its_measure_is_asked_for() -> None:
    assert configured_detector(data="faces") == image_detector(data="faces")
    assert configured_detector("repairing_unet", data="faces") == repairing_detector(data="faces")
    by_error = configured_detector(data="faces", measure="local-error")
    assert by_error.training == repairing_detector(data="faces").training
    assert isinstance(by_error.measure, LocalError)
    assert configured_detector("unet", data="faces").measure == LocalError()
    assert not image_detector().measure.uses_model
    assert repairing_detector().measure.uses_model


def test_steps_are_refused_where_no_net_has_a_part_in_the_measure() -> None:
    with pytest.raises(ArgumentError, match="no use for steps of training, got 500; leave them out"):
        configured_detector(data="faces", steps=500)
    assert configured_detector(data="faces", measure="local-error", steps=500).trained.training.steps == 500


def test_settings_of_the_default_can_be_changed(table: str) -> None:
    changed = configured_detector(data=table, measure="displacement", assignments=["trimmed=0.2", "steps=7"])
    assert type(changed.measure).__name__ == "Displacement"
    assert (changed.trained.training.trimmed, changed.trained.training.steps) == (0.2, 7)


def test_groups_go_into_the_source_of_images_and_tables(table: str) -> None:
    found = parse_source(configured_detector(data=table, group="a").training.data)
    assert found.group == "a"
    assert parse_source(configured_detector(data="faces", group="[&,]x").training.data).group == "[&,]x"


def test_images_that_are_packed_stay_at_their_size(tmp_path: Path) -> None:
    pack_source("scenes?size=16&limit=4", tmp_path / "shards")
    assert configured_detector(data=f"{tmp_path}/shards").training.data == f"{tmp_path}/shards"
