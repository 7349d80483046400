"""Training of a variational autoencoder by pythae's trainer where it is installed, or by a plain loop like it."""

__all__ = ["TextbookVAE", "peer", "pythae_loop", "textbook_vae", "vae_loop"]

import functools
import importlib
import importlib.util
import logging
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from copyist.bench.measure import Turn
from copyist.models.variational_mlp import VariationalMLPConfig
from copyist.tensors import Images


def peer() -> str:
    """What there is to compare with: `pythae 0.1.2`, or `a plain loop`."""
    return f"pythae {version('pythae')}" if importlib.util.find_spec("pythae") else "a plain loop"


@final
class TextbookVAE(nn.Module):
    """One hidden layer to a Gaussian, one from a code, and a sigmoid."""

    def __init__(self, *, values: int, hidden: int, code: int) -> None:
        super().__init__()
        # Listed as our model lists them, so that weights can be copied in order.
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(values, hidden), nn.ReLU())
        self.code = nn.Linear(hidden, 2 * code)
        self.decoder = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, values), nn.Sigmoid())

    def forward(self, x: Images, *, generator: torch.Generator | None = None) -> Tensor:
        """The negative ELBO, a scalar."""
        mean, log_variance = self.code(self.encoder(x)).chunk(2, dim=1)
        epsilon = torch.randn(mean.shape, generator=generator)
        x_hat = self.decoder(mean + (0.5 * log_variance).exp() * epsilon)
        reconstruction = F.binary_cross_entropy(x_hat, x.flatten(1), reduction="none").sum(1)
        divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1)
        return (reconstruction + divergence).mean()


def textbook_vae(config: VariationalMLPConfig, *, seed: int = 0) -> TextbookVAE:
    """The textbook's model with the weights of ours."""
    assert config.image_shape is not None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        ours = config.build()
        copy = TextbookVAE(values=int(np.prod(config.image_shape)), hidden=config.widths[0], code=config.code_size)
    with torch.no_grad():
        for theirs, weight in zip(copy.parameters(), ours.parameters(), strict=True):
            theirs.copy_(weight)
    return copy.train()


class _Rows(Dataset[dict[str, Tensor]]):
    """Images in memory, handed out one by one with a label."""

    def __init__(self, x: Images) -> None:
        self.data, self.labels = x, torch.ones(len(x))

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"data": self.data[index], "labels": self.labels[index]}


def vae_loop(config: VariationalMLPConfig, file: str, batch: int, turn: Turn) -> None:
    """Train for as long as `turn` allows, with the default settings of pythae's trainer."""
    model = textbook_vae(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(_Rows(_read(file)), batch_size=batch, shuffle=True)
    total = 0.0
    while True:
        for rows in loader:
            loss = model(rows["data"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            turn()


def pythae_loop(config: VariationalMLPConfig, file: str, batch: int, turn: Turn) -> None:
    """`pythae`'s own trainer on its own model, for as long as `turn` allows."""
    assert config.image_shape is not None
    models: Any = importlib.import_module("pythae.models")
    networks: Any = importlib.import_module("pythae.models.nn.default_architectures")
    trainers: Any = importlib.import_module("pythae.trainers")
    callbacks: Any = importlib.import_module("pythae.trainers.training_callbacks")
    datasets: Any = importlib.import_module("pythae.data.datasets")
    logging.disable(logging.INFO)
    # Without a bar, which would be drawn over what is said here, and take its time.
    callbacks.tqdm = functools.partial(callbacks.tqdm, disable=True)

    class StepCounter(callbacks.TrainingCallback):
        def on_train_step_end(self, training_config: Any, **others: Any) -> None:
            turn()

    shape = models.VAEConfig(input_dim=config.image_shape, latent_dim=config.code_size, reconstruction_loss="bce")
    encoder, decoder = networks.Encoder_VAE_MLP(shape), networks.Decoder_AE_MLP(shape)
    # Its layers of 512 units, at our width.
    values, hidden = int(np.prod(config.image_shape)), config.widths[0]
    encoder.layers[0] = nn.Sequential(nn.Linear(values, hidden), nn.ReLU())
    encoder.embedding, encoder.log_var = (nn.Linear(hidden, config.code_size) for _ in range(2))
    decoder.layers[0] = nn.Sequential(nn.Linear(config.code_size, hidden), nn.ReLU())
    decoder.layers[1] = nn.Sequential(nn.Linear(hidden, values), nn.Sigmoid())
    x = _read(file)
    with tempfile.TemporaryDirectory() as folder:
        settings = trainers.BaseTrainerConfig(
            output_dir=folder,
            num_epochs=10**6,
            learning_rate=1e-3,
            per_device_train_batch_size=batch,
            no_cuda=True,
        )
        trainer = trainers.BaseTrainer(
            model=models.VAE(shape, encoder=encoder, decoder=decoder),
            train_dataset=datasets.BaseDataset(x, torch.ones(len(x))),
            training_config=settings,
            callbacks=[StepCounter()],
        )
        trainer.train()


def _read(file: str) -> Images:
    """Images (N, 1, H, W) of 0 and 1."""
    return torch.from_numpy(np.load(Path(file))).float()[:, None] / 255
