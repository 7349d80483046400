"""`copyist encode`."""

__all__ = ["encode"]

from copyist.cli.options import Batch, ClassOf, Device, Force, Inputs, Json, Model, Out
from copyist.cli.preamble import batch_statement, open_model, read_batch, read_tables
from copyist.cli.terminal import counted, show


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
    """Write the codes of images of one size, or of a table, into an .npz file: z, one row per example, and names."""
    import numpy as np
    import torch

    from copyist.errors import OutputError
    from copyist.models.contracts import Autoencoder, needs
    from copyist.outputs import check_output, whole_file
    from copyist.procedures import encode as verb

    if out.suffix.lower() != ".npz":
        raise OutputError(f"codes are written as .npz, got {out}; choose a name that ends in .npz")
    check_output(out, overwrite=force)
    autoencoder = needs(open_model(model, class_of=class_of, device=device), Autoencoder, verb="encode")
    if autoencoder.takes_tables:
        tables = read_tables(autoencoder, inputs)
        names = [f"{table.name}#{row}" for table in tables for row in range(len(table.x))]
        x = torch.cat([table.x for table in tables]).to(next(autoencoder.parameters()).device)
    else:
        pictures, x = read_batch(autoencoder, inputs, without=out)
        names = [picture.name for picture in pictures]
    statement = batch_statement(autoencoder, num_images=len(x), batch=batch)
    z = verb(autoencoder, x, batch_size=batch).cpu().numpy()
    with whole_file(out) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, z=z, names=np.array(names))

    shape = " x ".join(str(side) for side in z.shape[1:])
    text = f"wrote {counted(len(z), 'code')} of {shape} values into {out}, {statement['batch']}"
    show(text, {"images": len(z), "code_shape": list(z.shape[1:]), "out": str(out), **statement}, as_json=as_json)
