"""`copyist layers`."""

__all__ = ["layers"]

from copyist.cli.options import ClassOf, Json, Model
from copyist.cli.terminal import say, show


def layers(model: Model, class_of: ClassOf = None, as_json: Json = False) -> None:
    """List the layers of a model, which 'copyist invert' takes, in the order in which they end."""
    from dataclasses import asdict

    from copyist.checkpoint import load
    from copyist.drawing.text import text_table
    from copyist.errors import CheckpointError
    from copyist.procedures import layers as verb

    network = load(model, class_of=class_of, device="cpu", say=say)
    if network.image_shape is None:
        raise CheckpointError(
            f"{model} must name the shape of its images for its layers to be listed, and names none; "
            "train the model again with 'copyist train', or give images to copyist.layers in Python"
        )
    found = verb(network)
    text = text_table([(layer.name, layer.kind, " x ".join(map(str, layer.shape))) for layer in found], sides=("left",))

    show(text, {"layers": [asdict(layer) for layer in found]}, as_json=as_json)
