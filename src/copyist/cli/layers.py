"""`copyist layers`."""

__all__ = ["layers"]

from copyist.cli.options import ClassOf, Json, Model
from copyist.cli.terminal import show


def layers(model: Model, class_of: ClassOf = None, as_json: Json = False) -> None:
    """List the layers of a model, which 'copyist invert' takes, in the order in which they end."""
    from dataclasses import asdict

    from copyist.checkpoint import load
    from copyist.errors import CheckpointError
    from copyist.procedures import layers as verb

    network = load(model, class_of=class_of, device="cpu")
    if network.image_shape is None:
        raise CheckpointError(
            f"{model} must name the shape of its images for its layers to be listed, and names none; "
            "train the model again with 'copyist train', or give images to copyist.layers in Python"
        )
    found = verb(network)
    widest = max(len(layer.name) for layer in found)
    kind = max(len(layer.kind) for layer in found)
    lines = [
        f"{layer.name:{widest}}  {layer.kind:{kind}}  {' x '.join(str(side) for side in layer.shape)}"
        for layer in found
    ]
    show("\n".join(lines), {"layers": [asdict(layer) for layer in found]}, as_json=as_json)
