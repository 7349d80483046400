"""`copyist encode`."""

__all__ = ["encode"]

from copyist.cli.options import Batch, ClassOf, Device, Force, Inputs, Json, Model, Out
from copyist.cli.terminal import counted, say, show


def encode(
    model: Model,
    inputs: Inputs,
    out: Out,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write the codes of images of one size into an .npz file: z, one row per image, and names."""
    import numpy as np

    from copyist.checkpoint import load
    from copyist.cli.batch import stated
    from copyist.cli.pictures import stacked
    from copyist.data import read_pictures
    from copyist.errors import OutputError
    from copyist.outputs import check_output, whole_file
    from copyist.procedures import encode as verb

    if out.suffix.lower() != ".npz":
        raise OutputError(f"codes are written as .npz, got {out}; choose a name that ends in .npz")
    check_output(out, overwrite=force)
    autoencoder = load(model, class_of=class_of, device=device).as_autoencoder(verb="encode")
    pictures = read_pictures(inputs, say=say)
    statement = stated(autoencoder, num_images=len(pictures), batch=batch)
    z = verb(autoencoder, stacked(autoencoder, pictures), batch_size=batch).cpu().numpy()
    with whole_file(out) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, z=z, names=np.array([picture.name for picture in pictures]))

    shape = " x ".join(str(side) for side in z.shape[1:])
    text = f"wrote {counted(len(z), 'code')} of {shape} values into {out}, {statement['batch']}"
    show(text, {"images": len(z), "code_shape": list(z.shape[1:]), "out": str(out), **statement}, as_json=as_json)
