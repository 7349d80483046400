"""What tests of benchmarks share."""

import multiprocessing

import pytest


@pytest.fixture
def loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of their own come from a server that has imported what they need, instead of importing it each."""
    context = multiprocessing.get_context("forkserver")
    loops = ["unet_training", "vae_training", "generation", "shards"]
    context.set_forkserver_preload(["torch._dynamo", *(f"copyist.bench.{loop}" for loop in loops)])
    monkeypatch.setattr(multiprocessing, "get_context", lambda method: context)
