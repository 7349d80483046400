"""`copyist encode`."""

__all__ = ["encode"]

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from copyist.cli.options import Batch, ClassOf, Device, Force, Inputs, Json, Model, Out
from copyist.cli.preamble import batch_statement, check_one_size, find_pictures, open_model, read_tables
from copyist.cli.terminal import bar, show
from copyist.drawing.wording import counted

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from copyist.models import Model as Network

    Codes: TypeAlias = tuple[list[str], npt.NDArray[np.float32], dict[str, Any]]
    """Names, codes (N, ...), and the statement of the batch."""


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
    """Write the codes of images of one size, or of a table, into an .npz file: z, one row per example, and names.

    The code of a diffusion model is the noise that it would make the image of.
    """
    import numpy as np

    from copyist.errors import OutputError
    from copyist.models.contracts import Autoencoder, Diffusion, needs
    from copyist.outputs import check_output, whole_file

    if out.suffix.lower() != ".npz":
        raise OutputError(f"codes are written as .npz, got {out}; choose a name that ends in .npz")
    check_output(out, overwrite=force)
    network = open_model(model, class_of=class_of, device=device)
    if not isinstance(network, Diffusion):
        needs(network, Autoencoder, verb="encode")
    with whole_file(out) as temporary:
        find = _codes_of_tables if network.takes_tables else _codes_of_pictures
        names, z, statement = find(network, inputs, out, batch=batch)
        with temporary.open("wb") as file:
            np.savez_compressed(file, z=z, names=np.array(names))

    shape = " x ".join(str(side) for side in z.shape[1:])
    text = f"wrote {counted(len(z), 'code')} of {shape} values into {out}, {statement['batch']}"
    show(text, {"images": len(z), "code_shape": list(z.shape[1:]), "out": str(out), **statement}, as_json=as_json)


def _codes_of_tables(model: "Network", inputs: Sequence[str], _: Path, *, batch: int | None) -> "Codes":
    import torch

    from copyist.procedures import encode as verb

    tables = read_tables(model, inputs)
    names = [f"{table.name}#{row}" for table in tables for row in range(len(table.x))]
    x = torch.cat([table.x for table in tables]).to(next(model.parameters()).device)
    statement = batch_statement(model, num_images=len(x), batch=batch)
    return names, verb(model, x, batch_size=batch).float().cpu().numpy(), statement


def _codes_of_pictures(model: "Network", inputs: Sequence[str], out: Path, *, batch: int | None) -> "Codes":
    """The codes, one batch at a time; they grow in a file, since they may be larger than their pictures."""
    import numpy as np

    from copyist.procedures import encode as verb
    from copyist.procedures.sizes import codes_of_stream

    pictures, channels = find_pictures(model, inputs, without=out)
    check_one_size(pictures)
    statement = batch_statement(model, num_images=len(pictures), batch=batch)
    codes = codes_of_stream(
        model,
        lambda x: verb(model, x, batch_size=batch),
        ((found[1].name, found[1].with_channels(channels)) for found in pictures.read()),
        shape=(channels, *pictures.shapes[0][1:]),
        count=len(pictures),
        name=pictures.names[0],
        batch_size=batch,
    )
    names: list[str] = []
    shape: tuple[int, ...] = ()
    with bar("images") as update, tempfile.TemporaryFile(dir=out.parent) as file:
        for name, z in codes:
            names.append(name)
            shape = tuple(z.shape)
            file.write(z.numpy().tobytes())
            update(len(names), len(pictures))
        pictures.report()
        file.flush()
        return names, np.memmap(file, np.float32, mode="r", shape=(len(names), *shape)), statement
