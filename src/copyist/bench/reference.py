"""The loops as a textbook has them: eager, float32, contiguous, images read from files by workers."""

__all__ = ["PNGFolder", "TextbookUNet", "sample_loop", "textbook_copy", "train_loop", "walk_loop", "write_pngs"]

from itertools import pairwise
from pathlib import Path
from typing import final

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from copyist.bench.measure import Turn
from copyist.data import open_source
from copyist.models.unet import UNetConfig
from copyist.tensors import Images


@final
class TextbookUNet(nn.Module):
    """The U-Net without skips, written with PyTorch's layers alone, so that what speeds up ours leaves it as it is."""

    def __init__(self, *, channels: int, width: int, levels: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(levels)]
        down: list[nn.Module] = [*_block(channels, width)]
        for narrow, wide in pairwise(widths):
            down += [nn.MaxPool2d(2), *_block(narrow, wide)]
        # Listed as our model lists them, so that weights can be copied in order: first what resamples, then blocks.
        self.encoder = nn.Sequential(*down)
        upward = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.upsamples = nn.ModuleList(nn.ConvTranspose2d(wide, narrow, 2, stride=2) for wide, narrow in upward)
        self.blocks = nn.ModuleList(nn.Sequential(*_block(narrow, narrow)) for _, narrow in upward)
        self.output = nn.Conv2d(width, channels, 1)

    def encode(self, x: Images) -> Tensor:
        return self.encoder(x)

    def decode(self, z: Tensor) -> Images:
        for upsample, block in zip(self.upsamples, self.blocks, strict=True):
            z = block(upsample(z))
        return self.output(z)

    def forward(self, x: Images) -> Images:
        return self.decode(self.encode(x))


def textbook_copy(config: UNetConfig, *, seed: int = 0) -> TextbookUNet:
    """The textbook's model with the weights of ours."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        ours = config.build()
        copy = TextbookUNet(channels=config.channels or 3, width=config.width, levels=config.levels)
    with torch.no_grad():
        for theirs, weight in zip(copy.parameters(), ours.parameters(), strict=True):
            theirs.copy_(weight)
    return copy.train()


class PNGFolder(Dataset[Tensor]):
    """The PNG files of a folder, read anew each time."""

    def __init__(self, folder: Path) -> None:
        self.files = sorted(folder.glob("*.png"))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor:
        with Image.open(self.files[index]) as image:
            pixels = np.array(image.convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def write_pngs(source: str, folder: Path) -> None:
    """Write the training images of a source as PNG files."""
    for number, pixels in enumerate(open_source(source).train.array):
        Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(folder / f"{number:05d}.png")


def train_loop(config: UNetConfig, folder: str, batch: int, turn: Turn) -> None:
    """Train for as long as `turn` allows."""
    model = textbook_copy(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(
        PNGFolder(Path(folder)), batch_size=batch, shuffle=True, drop_last=True, num_workers=2, persistent_workers=True
    )
    while True:
        for x in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), x)
            loss.backward()
            optimizer.step()
            turn()


def sample_loop(config: UNetConfig, size: int, count: int, steps: int, turn: Turn) -> None:
    """Sample again and again, for as long as `turn` allows."""
    model = textbook_copy(config)
    while True:
        with torch.no_grad():
            a = torch.randn(count, config.channels or 3, size, size) * 0.2 + 0.7
            for step in range(1, steps + 1):
                share = step / steps
                a = share * model(a) + (1 - share) * (torch.randn_like(a) * 0.2 + 0.7)
        turn()


def walk_loop(config: UNetConfig, size: int, count: int, steps: int, turn: Turn) -> None:
    """Walk again and again, for as long as `turn` allows."""
    model = textbook_copy(config)
    while True:
        x = torch.rand(count, config.channels or 3, size, size)
        frames = [x]
        with torch.no_grad():
            for _ in range(steps):
                z = model.encode(x)
                x = model.decode(z + 0.2 * torch.randn_like(z))
                frames.append(x)
        torch.stack(frames)
        turn()


def _block(inputs: int, outputs: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for maps in (inputs, outputs):
        layers += [
            nn.Conv2d(maps, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs, track_running_stats=False),
            nn.ReLU(inplace=True),
        ]
    return layers
