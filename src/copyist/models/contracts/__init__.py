"""The contracts of models: abstract types, and `needs`, which checks a model against one.

    Model               takes images or rows
    ├ Reconstructor     copies them
    │ └ Autoencoder     by a code: encode, decode
    │   ├ Compressor      whose code is rounded to integers
    │   ├ AffineEncoder   whose encoder may be one layer, known on paper
    │   ├ Dictionary      with separate units that can be initialized anew
    │   ├ Masked          whose encoder can be shown a part
    │   ├ Stack           shallow autoencoders in a row
    │   └ Variational     with a likelihood
    ├ Classifier        names their classes
    ├ Diffusion         takes their noise off, given its level
    └ Pretrainable      begins with the layers of a stack

No contract knows who keeps it: a new family is one file with its config and its model, and a line in
`copyist.models.catalogue.MODELS` (docs/extending.md).
"""

__all__ = [
    "NO_CLASS",
    "Affine",
    "AffineEncoder",
    "Autoencoder",
    "Classifier",
    "ClassifierConfig",
    "CodingTables",
    "Compressor",
    "Contract",
    "Dictionary",
    "Diffusion",
    "EntropyModel",
    "Masked",
    "Model",
    "ModelConfig",
    "Path",
    "Pretrainable",
    "PretrainableConfig",
    "Reconstructor",
    "Stack",
    "TrainedOn",
    "Variational",
    "check_answer",
    "lacks",
    "log_weights",
    "needs",
    "take_batch",
]

from copyist.models.contracts.classifier import Classifier, ClassifierConfig
from copyist.models.contracts.compressor import CodingTables, Compressor, EntropyModel
from copyist.models.contracts.copying import Affine, AffineEncoder, Autoencoder, Reconstructor
from copyist.models.contracts.dictionary import Dictionary
from copyist.models.contracts.diffusion import NO_CLASS, Diffusion, Path
from copyist.models.contracts.door import check_answer, take_batch
from copyist.models.contracts.layered import Pretrainable, PretrainableConfig, Stack
from copyist.models.contracts.masked import Masked
from copyist.models.contracts.model import Model, ModelConfig, TrainedOn
from copyist.models.contracts.needs import Contract, lacks, needs
from copyist.models.contracts.variational import Variational, log_weights
