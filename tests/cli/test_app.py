"""The entry point, where a command ends otherwise than by itself."""

import sys

import pytest

from copyist.cli import app


def test_a_command_that_is_stopped_by_ctrl_c_says_so_and_keeps_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(prog_name: str) -> None:
        sys.exit(app.INTERRUPTED)

    monkeypatch.setattr(app, "app", stopped)
    with pytest.raises(SystemExit, match="130"):
        app.main()
    assert capsys.readouterr().err == "copyist: interrupted\n"
