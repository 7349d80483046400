"""Results are written whole or not at all, and never silently over others."""

import os
from pathlib import Path

import pytest

from copyist.errors import OutputError
from copyist.outputs import (
    check_name,
    check_output,
    clear_unfinished,
    user_path,
    whole_file,
    whole_folder,
    write_bytes,
    write_text,
)


def test_what_is_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "file.bin"
    write_bytes(place, b"\x00\xff")
    write_text(place.with_name("text"), "Größe\n")
    assert place.read_bytes() == b"\x00\xff"
    assert place.with_name("text").read_bytes() == "Größe\n".encode()
    assert sorted(path.name for path in place.parent.iterdir()) == ["file.bin", "text"]


def test_what_goes_to_a_folder_that_is_there_waits_inside_it_for_it_may_be_another_disk(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "old").write_text("stays")
    with whole_folder(there) as temporary:
        assert temporary.parent == there
        (temporary / "new").write_text("comes")
    assert {path.name: path.read_text() for path in there.iterdir()} == {"old": "stays", "new": "comes"}
    with whole_folder(tmp_path / "made") as temporary:
        assert temporary.parent == tmp_path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "there"]


def test_until_a_file_is_whole_the_old_one_stays(tmp_path: Path) -> None:
    place = tmp_path / "file"
    write_text(place, "old")
    with whole_file(place) as temporary:
        temporary.write_text("new")
        assert place.read_text() == "old"
        assert temporary.parent == place.parent
        assert temporary.name.startswith(".")
    assert place.read_text() == "new"


def fail_in_the_middle(place: Path, error: BaseException) -> None:
    with whole_file(place) as temporary:
        temporary.write_text("half")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_in_the_middle_leaves_the_old_file_and_no_other(tmp_path: Path, error: type[BaseException]) -> None:
    place = tmp_path / "file"
    write_text(place, "old")
    with pytest.raises(error):
        fail_in_the_middle(place, error())
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_failure_to_write_is_told_in_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "file"
    write_text(place, "old")
    with pytest.raises(
        OutputError, match=r"could not be written \(no space left on device\); what was there before is"
    ):
        fail_in_the_middle(place, OSError(28, "No space left on device"))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
    with pytest.raises(OutputError, match=r"could not be written \(.*\)"):
        write_text(place / "under a file", "new")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"folder could not be written \(is a directory\)"):
        write_text(tmp_path / "folder", "new")
    with pytest.raises(OutputError, match=r"could not be written \(no such file or directory\)"), whole_file(place):
        pass  # Nothing was written at all.


def test_only_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    kept = [".hidden", "a.part", ".notes.part", ".file.zzzzzzzz.part", "model.safetensors"]
    for name in [*kept, ".model.safetensors.0a1b2c3d.part", ".history.csv.deadbeef.part"]:
        (tmp_path / name).touch()
    clear_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    clear_unfinished(tmp_path / "nowhere")


def test_an_output_that_exists_is_refused_unless_it_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    check_output(tmp_path / "folder", overwrite=False)
    check_output(tmp_path / "new" / "file", overwrite=False)
    for place in (tmp_path, tmp_path / "file"):
        with pytest.raises(OutputError, match=r"exists already; choose another place, or add --force to replace it$"):
            check_output(place, overwrite=False)
        check_output(place, overwrite=True)


def test_a_place_under_a_file_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot be written, because .*file is a file; choose another place$"):
        check_output(tmp_path / "file" / "run" / "a", overwrite=False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_refused_before_any_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match=r"may not be written to; choose another place$"):
        check_output(tmp_path / "run", overwrite=False)


def test_a_folder_that_the_system_says_is_read_only_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match=r"may not be written to; choose another place$"):
        check_output(tmp_path / "run", overwrite=False)


@pytest.mark.parametrize("name", ["x" * 250 + ".png", "字" * 83 + ".png", "字" * 85])
def test_names_as_long_as_a_file_system_takes_are_written(tmp_path: Path, name: str) -> None:
    for folder in (tmp_path / "new", tmp_path / name):
        with whole_folder(folder) as temporary:
            write_bytes(temporary / name, b"1")
        assert (folder / name).read_bytes() == b"1"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["new", name])


def test_what_is_left_of_a_long_name_is_cleared_too(tmp_path: Path) -> None:
    with whole_file(tmp_path / ("字" * 85)) as temporary:
        temporary.write_bytes(b"1")
    temporary.write_bytes(b"left by a process that was killed")
    clear_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["字" * 85]


@pytest.mark.parametrize("name", ["x" * 256, "字" * 86, "a/" + "x" * 252 + ".png"])
def test_longer_names_are_refused_before_any_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"^a file's name must have at most 255 bytes, got 2\d\d for .*; rename it$"):
        check_output(tmp_path / name, overwrite=True)
    with pytest.raises(OutputError, match="at most 255 bytes"):
        check_name(name)


def test_the_home_folder_is_meant_by_a_tilde_and_a_file_of_that_name_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert user_path("~/runs/x") == tmp_path / "home/runs/x"
    assert user_path(Path("~")) == tmp_path / "home"
    assert user_path("a/~/b") == Path("a/~/b")
    assert user_path("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")
    (tmp_path / "~own").mkdir()
    assert user_path("~own") == Path("~own")
