import torch
from hypothesis import given
from hypothesis import strategies as st

from copyist.nn.patches import from_patches, to_patches


def test_patches_on_paper() -> None:
    x = torch.arange(24.0).reshape(1, 1, 4, 6)
    patches = to_patches(x, size=2)
    assert patches.shape == (1, 6, 4)
    assert patches[0, 0].tolist() == [0, 1, 6, 7]
    assert patches[0, 2].tolist() == [4, 5, 10, 11]
    assert patches[0, 3].tolist() == [12, 13, 18, 19]


def test_a_patch_holds_one_channel_after_the_other() -> None:
    x = torch.stack([torch.zeros(4, 6), torch.ones(4, 6)])[None]
    assert (to_patches(x, size=2)[0, :, :4] == 0).all()
    assert (to_patches(x, size=2)[0, :, 4:] == 1).all()


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(1, 5))
def test_patches_put_together_are_the_image_bit_for_bit(
    batch: int, channels: int, rows: int, columns: int, size: int
) -> None:
    x = torch.rand(batch, channels, rows * size, columns * size)
    patches = to_patches(x, size=size)
    assert patches.shape == (batch, rows * columns, channels * size**2)
    assert torch.equal(from_patches(patches, size=size, image_size=(rows * size, columns * size)), x)
