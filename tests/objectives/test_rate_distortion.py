"""The loss of compressors."""

import torch

from codecs_to_test import codec
from copyist.objectives import RateDistortion
from copyist.randomness import generator


def test_the_loss_is_bits_per_pixel_and_the_error_in_gray_levels_at_the_quality_s_price() -> None:
    model, objective = codec(), RateDistortion(lowest=0.01, highest=0.04)
    x = torch.rand(4, 3, 16, 32, generator=generator(0))
    with torch.no_grad():
        loss = objective(model, x, generator=generator(1))
        draws = generator(1)
        quality = torch.randint(model.num_qualities, (4,), generator=draws)
        x_hat, bits = model.rate_distortion(x, quality=quality, generator=draws)
    price = torch.tensor([0.01, 0.02, 0.04])[quality]
    in_gray_levels = (255 * x_hat - 255 * x).square().mean((1, 2, 3))
    torch.testing.assert_close(loss, (bits / (16 * 32) + price * in_gray_levels).mean())
