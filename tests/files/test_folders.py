"""What a folder or an archive holds: links are followed, what is no data is passed over, and both are said."""

import os
import socket
import zipfile
from pathlib import Path

import pytest

from copyist.errors import DataError
from copyist.files.folders import list_folder, list_zip

PNG = [".png"]


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def names(folder: Path, *, without: Path | None = None) -> list[str]:
    return [file.name for file in list_folder(folder, without=without).files(PNG)]


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    fill(tmp_path, "b/1.png", "b.png", "B.PNG", "a/z/1.png", "10.png", "2.png", "é.png")
    listing = list_folder(tmp_path)
    assert list(listing.members) == sorted(listing.members) == names(tmp_path)
    assert all(file.read() == file.name.encode() for file in listing.files(PNG))


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    fill(tmp_path / "else", "b/1.png", "2.png")
    folder = fill(tmp_path / "in", "a/1.png")
    (folder / "all").symlink_to(tmp_path / "else")
    (folder / "again").symlink_to(folder / "a")
    (folder / "file.png").symlink_to(tmp_path / "else/2.png")
    (folder / "a/up").symlink_to(folder)
    (folder / "self.png").symlink_to(folder / "self.png")
    listing = list_folder(folder)
    assert names(folder) == ["a/1.png", "again/1.png", "all/2.png", "all/b/1.png", "file.png", "self.png"]
    assert listing.passed_over == (
        "passed over the link again/up, which leads back to a folder that holds it",
        "passed over the link a/up, which leads back to a folder that holds it",
    )
    with pytest.raises(OSError, match="symbolic links"):
        listing.members["self.png"]()


def test_what_other_programs_leave_is_no_file(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", ".b.png", ".cache/c.png", "Thumbs.db", "desktop.ini", "__MACOSX/._a.png", "@eaDir/a/x.png")
    assert list(list_folder(tmp_path).members) == ["a.png"]
    assert list_folder(tmp_path).left_out(PNG) is None


def test_files_of_other_kinds_are_counted_by_their_endings(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "x/b.TXT", "c.txt", "more.zip", "README", "LICENSE", "t.csv")
    assert list_folder(tmp_path).left_out(PNG) == "6 files: 2 .txt, 2 without an ending, t.csv, more.zip"
    said: list[str] = []
    list_folder(tmp_path).say_left_out(PNG, said.append, noun="image")
    assert said == [f"left out what is no image in {tmp_path}, 6 files: 2 .txt, 2 without an ending, t.csv, more.zip"]


def test_what_is_no_regular_file_is_named_and_never_opened(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)
        server.bind("socket.png")
        os.chdir(here)
    listing = list_folder(tmp_path)
    assert list(listing.members) == ["a.png"]
    assert listing.passed_over == tuple(f"left out {each}.png, which is no regular file" for each in ("pipe", "socket"))


def test_names_that_are_no_text_are_files_like_others(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe.png")
    fill(tmp_path, "a.png")
    (tmp_path / odd).write_bytes(b"odd")
    assert names(tmp_path) == ["a.png", odd]


RUN = ("state/state.safetensors", "samples/step-1.png", "history.csv", "model.safetensors", "tensorboard/events")


@pytest.mark.parametrize("kept", [RUN, RUN[:2], RUN[1:4], RUN[1:3], ("samples/1.png", "model.safetensors")])
def test_runs_are_no_data(tmp_path: Path, kept: tuple[str, ...]) -> None:
    fill(tmp_path, "a.png", "deep/b.png", *(f"deep/run/{name}" for name in (*kept, "layer-0/samples/1.png")))
    assert names(tmp_path) == ["a.png", "deep/b.png"]
    listing = list_folder(tmp_path)
    assert listing.passed_over == (f"passed over 1 folder that copyist has written in {tmp_path}: deep/run",)
    assert listing.left_out(PNG) is None


def test_of_a_run_in_the_data_itself_only_its_own_folders_are_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "more/samples/b.png", *RUN, "layer-0/samples/1.png")
    assert names(tmp_path) == ["a.png", "more/samples/b.png"]


def test_a_demo_is_no_data_and_folders_called_like_parts_of_a_run_are(tmp_path: Path) -> None:
    fill(tmp_path, "demo/report.json", "demo/pictures/1.png", *(f"demo/models/unet/{name}" for name in RUN))
    fill(tmp_path, "samples/1.png", "state/2.png", "models/3.png", "x.json", "report.json")
    assert names(tmp_path) == ["models/3.png", "samples/1.png", "state/2.png"]


def test_where_the_results_go_is_no_data(tmp_path: Path) -> None:
    fill(tmp_path / "in", "a.png", "out/a.png", "sheet.png")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert names(tmp_path / "in", without=tmp_path / "in/out") == ["a.png", "sheet.png"]
    assert names(tmp_path / "link", without=tmp_path / "in/sheet.png") == ["a.png", "out/a.png"]
    assert names(tmp_path / "in", without=tmp_path / "elsewhere") == ["a.png", "out/a.png", "sheet.png"]
    listing = list_folder(tmp_path / "in", without=tmp_path / "in/out")
    assert listing.passed_over == (f"passed over {tmp_path / 'in/out'}, where the results go",)


def test_a_folder_that_cannot_be_opened_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.png", "b/c.png")
    scan = os.scandir

    def refuse(path: Path) -> object:
        if path == tmp_path / "b":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert names(tmp_path) == ["a.png"]
    assert list_folder(tmp_path).passed_over == ("left out the folder b/, which cannot be opened (permission denied)",)
    with pytest.raises(DataError, match=r"b cannot be opened \(permission denied\); check the folder$"):
        list_folder(tmp_path / "b")


def test_an_archive_is_a_folder_whichever_slash_it_was_written_with(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in (
            "train\\a.png",
            "test/b.png",
            "test\\",
            "train/",
            "__MACOSX/x.png",
            *(f"run\\{name}" for name in RUN),
        ):
            file.writestr(name, name)
    listing = list_zip(path)
    assert [file.name for file in listing.files(PNG)] == ["test/b.png", "train/a.png"]
    assert listing.passed_over == (f"passed over 1 folder that copyist has written in {path}: run",)


def test_of_two_files_of_one_name_in_an_archive_the_later_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.png", "old")
        file.writestr("b.png", "other")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a.png", "new")
    listing = list_zip(path)
    assert [(file.name, file.read()) for file in listing.files(PNG)] == [("a.png", b"new"), ("b.png", b"other")]
    assert listing.passed_over == (f"took the later of each two files in {path} that share a name",)
