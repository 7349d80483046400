"""The picture of the front page, from the strips of a demo: python docs/demo_picture.py demo docs/demo.webp"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

BETWEEN = 10
"""White pixels between the parts."""


def main(demo: Path, out: Path) -> None:
    """Noise, copies, copies with skips and the images; below them the way of two samples out of noise."""
    strips = [np.asarray(Image.open(demo / "pictures" / f"noise-{place}.png")) for place in range(4)]
    height, width = strips[0].shape[:2]
    steps = np.asarray(Image.open(demo / "pictures" / "steps.png"))
    # The first column is the noise itself.
    ways = steps[: 2 * height + 2, steps.shape[1] - width :]
    white = np.full((BETWEEN, width, 3), 255, dtype=np.uint8)
    parts = [part for strip in [*strips, ways] for part in (strip, white)][:-1]
    Image.fromarray(np.concatenate(parts)).save(out, quality=80, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
