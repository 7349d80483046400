"""`copyist export` and `copyist explore`: a file for another runtime, a page on this machine, or one sentence."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
import torch

from copyist import checkpoint
from copyist.export.serving import PageServer

from .conftest import copyist

Trained = Callable[[str], Path]


@pytest.mark.slow
def test_an_exported_program_copies_as_the_model_does(trained: Trained, tmp_path: Path) -> None:
    found = copyist("export", trained("gray"), "--to", "torch", "--out", tmp_path / "gray.pt2", "--json").result
    assert found["parts"]["whole"]["outputs"] == {"x_hat": "images (B, C, H, W) in [0, 1], which noise may leave"}
    assert {case["batch"] for case in found["parts"]["whole"]["compared"]} == {1, 2, 3, 7}
    x = torch.rand(5, 1, 12, 20)
    with torch.no_grad():
        expected = checkpoint.load(trained("gray"))(x)
    torch.testing.assert_close(torch.export.load(tmp_path / "gray.pt2").module()(x)[0], expected)


@pytest.mark.slow
def test_bad_requests_are_refused_in_one_sentence(trained: Trained, tmp_path: Path) -> None:
    model, out = trained("gray"), tmp_path / "x.pt2"

    def refused(*options: object, model: object = model) -> str:
        return copyist("export", model, *options).sentence

    assert "did you mean 'torch'" in refused("--to", "torhc", "--out", out)
    assert "there is no model at" in refused("--to", "torch", "--out", out, model=tmp_path)
    assert "multiples of 2, got 9x9" in refused("--to", "torch", "--out", out, "--size", 9)
    assert "write 64 or 48x64" in refused("--to", "torch", "--out", out, "--size", "large")
    assert "for pages alone" in refused("--to", "torch", "--out", out, "--runtime", tmp_path)
    assert "the page needs a model that copies" in refused(
        "--to", "web", "--out", tmp_path / "x.html", model=trained("names")
    )
    assert list(tmp_path.iterdir()) == []
    out.touch()
    assert "--force" in refused("--to", "torch", "--out", out)


@pytest.mark.slow
def test_explore_serves_the_page_until_it_is_interrupted(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(model: object, out: Path, *, to: str, **_: object) -> None:
        out.write_text(f"the {to} page")

    serve = PageServer.serve
    seen: list[bytes] = []

    def serve_once(server: PageServer, page: bytes) -> None:
        serving = threading.Thread(target=serve, args=(server, page))
        serving.start()
        with urlopen(server.address) as answer:
            seen.append(answer.read())
        server.stop()
        serving.join()
        raise KeyboardInterrupt

    monkeypatch.setattr("copyist.export.export_model", export)
    monkeypatch.setattr(PageServer, "serve", serve_once)
    answer = copyist("explore", trained("gray"), "--no-browser")
    assert (answer.code, seen) == (0, [b"the web page"])
    assert answer.stdout.startswith("http://127.0.0.1:")


def test_explore_refuses_a_port_that_is_taken_before_any_work(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"port {port} must be free" in copyist("explore", tmp_path, "--port", port).sentence
    assert "between 0 and 65535, got 70000" in copyist("explore", tmp_path, "--port", 70000).sentence
