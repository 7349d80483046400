"""A file that was once written is decoded to its very pixels, whatever the machine, the thread or the library."""

import numpy as np
import torch

from copyist.compression.codec import ImageCoder
from copyist.compression.raster import Raster
from copyist.models import ImageCodec, ImageCodecConfig
from copyist.nn.discretized import NUM_SCALES
from copyist.nn.frequencies import reach, whole_frequencies

FILE = bytes.fromhex(
    "43505a24023ef2f0c382bd87ec2315da051d76f1ddbe05880278da758dbf4ac35014c6cf77929492a9245133ba8b4f721fc0"
    "e13e43876c8e01a17b5c42410866a964295628b84897924570ba5070cc9a21ab75f1dca682d078bf7bfef03be77e37a6e193"
    "5e8643f0e2bfedb3617c3e00273682539c4ea2d3e531a5f1111bffcfc0f8c68fc8301da3f2a86f493ac3e93834dcaba7c735"
    "c995674b40a59b092a5d3bccb897f5cd38d06b64dc32b5826cab6b47d31a725f461947f76e83dac9d14091523968c90d7291"
    "aabc6f562ab06f4ab7767e6d752b6e62aac9a6b0c30e1d5e79832f678747eeb039e8f6c9a66787e2708ba568c59f879863c6"
    "3359db623abdc3cd87bbe2abb090ff17bce0bdd4441710e72429b0c73b1e466f7cfd030e3961f7e502e6797ab465b7cffb51"
    "07cdbad223830e2e4548c9fa6c0b41bfa3261d2a5a55e04a730da457b4889323d64600b28b355fdb89191cba6c9335aee69a"
    "ed17d32845603e5e190ff530db73d6c1a2b2a52320afde6d3bceb74d6f4bbdcd0957eb298346c8442c081b710aa1f3c47131"
    "49d2c6be5ad3ff9a5fac549953298e77895e55ca136a939f1680a369406eea467921b51fd93676f6f52b4bc64dafc89a30cb"
    "92a43e973e441ac8ad5857176c563deb70e31d09758c7798915bea5310ebe0a0b6c25269fbbea318a1114cc89acf93b7e9ac"
    "f3a4f7b06a283bdc674e7523d0cc7db117aa0c40c10470fd54651ded015892afcbb9cab0327bab043b36bbb2a17ffcb57746"
    "12c1bb8d53057d3a82def8a6ec857800bce04b325e31bbdedbdcbfa1742d216ba25313956831fcecd08bcf4ab9b5cfbeee13"
    "19437c9223f682e243fd25670b2d54191a080db954c332a910cd21e3f277c4b6685d0973649c56bb5b92cc2ff9667b01dc60"
    "a0784f00489a20d01382a87198550d401a151b04003667a204899a809000011119eb99020d0025917f07243ec2d19a4712ce"
    "c14cd80720842ac03dde811d2881302c800a6698c1a14826c01986b1978c556664ef22208b65bc336d5a3f964a67df994a85"
    "1c330c8ab2"
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
