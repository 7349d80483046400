"""The result of `copyist.evaluate`: all measures of several models on one source, their document and their text."""

__all__ = ["Evaluation"]

from dataclasses import dataclass
from typing import Literal, final

from copyist.evaluation.classification_errors import ClassificationTable
from copyist.evaluation.denoising_table import DenoisingTable
from copyist.evaluation.documents import Document
from copyist.evaluation.generation_table import GenerationTable
from copyist.evaluation.inpainting_table import InpaintingTable
from copyist.evaluation.latent_table import LatentTable
from copyist.evaluation.likelihood_table import LikelihoodTable
from copyist.evaluation.probe_table import ProbeTable
from copyist.evaluation.table_copies import TableCopies


@final
@dataclass(frozen=True, kw_only=True)
class Evaluation(Document):
    """What `copyist.evaluate` measured; a part is None where the models or the source have nothing for it."""

    schema: Literal["copyist.evaluation"] = "copyist.evaluation"
    version: Literal[1] = 1

    data: str | None = None
    """How many examples of which source were measured, and what was learned from; None in older results."""

    denoising: DenoisingTable | None = None
    """Of models that copy images: under each corruption, on clean images, and in batches of other kinds."""

    table: TableCopies | None = None
    """Of models that copy the rows of a table."""

    likelihoods: LikelihoodTable | None = None
    """Of those that have a likelihood."""

    probes: ProbeTable | None = None
    """Of those that have a code, where the source has labels."""

    latents: LatentTable | None = None
    """Of those whose code a diffusion model may work in, or that have such a first stage."""

    generation: GenerationTable | None = None
    """Of diffusion models."""

    inpainting: InpaintingTable | None = None
    """Of latent diffusion models; None in older results, and where codes are too few."""

    classification: ClassificationTable | None = None
    """Of classifiers."""

    def text(self, *, details: bool = False) -> str:
        """The parts one below the other, for a terminal 100 columns wide.

        Args:
            details: whether to show every measure, or the error of every column of a table.
        """
        copies = self.denoising or self.table
        parts = [
            f"Measured: {self.data}" if self.data else "",
            copies.text(details=details) if copies else "",
            *(
                part.text()
                for part in (
                    self.likelihoods,
                    self.latents,
                    self.generation,
                    self.inpainting,
                    self.probes,
                    self.classification,
                )
                if part
            ),
        ]
        return "\n".join(filter(None, parts))
