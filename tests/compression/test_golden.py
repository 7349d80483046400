"""A file that was once written is decoded to its very pixels, whatever the machine, the thread or the library."""

import numpy as np
import torch

from copyist.compression.codec import ImageCoder
from copyist.compression.raster import Raster
from copyist.models import ImageCodec, ImageCodecConfig
from copyist.nn.discretized import NUM_SCALES
from copyist.nn.frequencies import reach, whole_frequencies

FILE = bytes.fromhex(
    "43505a240235056fb98828d8442315ce053203c961b805850278da758e3f4bc35014c5dfb9496dcd54928a19fd2a825b3e80"
    "c3fb0cee8e91a07492c6a58b50e8d825e810707329d5d1e141c031b865e81c17cf351684a6efcf3df7feee7d87179bfe959e"
    "457df0f4d0f4493fee994fc7bf21dce7e978df251d696334e92a17fc6bb9c005e44e9cec42c7c5ac063cab41a4987907cd6e"
    "8e3d55fdc1d2cf65e9ff25140617e412da5c6c09bbf11a29c1a4d1d298128b633ba9f12d0ffe1c8524a6264d0a992361763f"
    "244a42bedd78ea4be746723aa88bd5e79468860a1ff2e45578912d6ea8155e31e3bee679f7e2382ab0458137b99347de4f3c"
    "cb1a19ae32c2cb0c5ffe1ae7518b1a39dd5ba8ed02535e6b5595dc1eb5b8f8011a306004e30246099426afe38dd1774abfcd"
    "78309f653a435004a42930cafc605e19e5c0ea754768321defd4e74699820ef991700b698f4f181081618d01e40392b2f18f"
    "422d290066e4371eb8e75dff97761b3ada0a5536aeea5eda26b55cc99ebedcc0f35e4fa69264216762d91bc3f58204e3bd52"
    "5bbc844a95f9c8ff2e03f01a0fbb678e094aa77a60bace2675caad5425506c56710d003a88510bdf97c93fd0700a1c27c9ae"
    "77ce5b84c717df0e3f0e24a9998a85fb2078ec9f4a44e930fa1f56b21a784165074f1a972f51bfadea7eed10b0cbc02f9dda"
    "49b388a517cdfdf80f8af1de8dc7bebc4d327c557d5cd8f99979270285d6b48feefa078aaabc229f760ff92c3b1d69554ba5"
    "dc756fa01e2015176ccfa83d2c76e4a532bd04c0a61ebb7d7db852577210e39990eb64c1998add2936a2a4233a7a254cdba6"
    "20139d300789b758e22b236d254caf6b257b37a0b81cc6d7cce86bc14944f05a1804329828dd07b4f50902d420a078208088"
    "c201d00bb220f3885c09401a70e56ce000367ecbd220244890000042906caee40896fc54cf4e6712a8f91a08ef4e1ab01600"
    "823839eca29b52200981310020aa318bb24f4012d6b38d7bcef996332bf1e0f084a14f3312e407dad31a6d"
)
"""Lossless, by the codec below, of the picture below."""


def fixed_codec() -> ImageCodec:
    """A codec all of whose numbers are arithmetic on whole ones."""
    config = ImageCodecConfig(channels=1, code_channels=6, width=2, synthesis_width=3, side_channels=2, qualities=2)
    model = config.build().eval()
    assert isinstance(model, ImageCodec)
    with torch.no_grad():
        for place, weight in enumerate(model.parameters()):
            values = (torch.arange(weight.numel()) * (37 + 2 * place) + place) % 97 - 48
            weight.copy_(values.view(weight.shape) / 256)
        tables = [reach(scale) + 1 - torch.arange(-reach(scale), reach(scale) + 1).abs() for scale in range(NUM_SCALES)]
        whole = [whole_frequencies(torch.cat([table, torch.ones(1)])) for table in tables]
        model.get_buffer("code_frequencies").copy_(torch.cat(whole))
        model.get_buffer("side_frequencies").copy_(torch.stack([whole_frequencies(torch.arange(31) + 5.0)] * 2))
        model.get_buffer("first_level").zero_()
        model.get_buffer("step_levels").copy_(torch.arange(12).view(2, 6))
        model.get_buffer("steps").copy_(1024 * (torch.arange(12).view(2, 6) + 3))
    return model


def picture() -> Raster:
    down, across = np.mgrid[:21, :35]
    return Raster(pixels=((down * 5 + across * 3 + down * across % 11) % 256).astype(np.uint8)[:, :, None])


def test_a_file_of_version_1_is_decoded_to_its_pixels() -> None:
    found = ImageCoder(fixed_codec()).decompress(FILE)
    assert np.array_equal(found.pixels, picture().pixels)


def test_the_same_picture_is_a_file_of_nearly_that_size() -> None:
    """Its integers may differ where an encoder's floats do."""
    made = ImageCoder(fixed_codec()).compress(picture(), quality=2, lossless=True)
    assert abs(len(made.data) - len(FILE)) <= 8
