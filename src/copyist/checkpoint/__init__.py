"""One safetensors file: the weights, what was measured on data, and the config that rebuilds the model."""

__all__ = [
    "DETECTOR_FILE",
    "DETECTOR_PREFIX",
    "DETECTOR_REFUSAL",
    "FORMAT_VERSION",
    "MODEL_CATALOGUES",
    "NO_MODEL",
    "Header",
    "RecordedCode",
    "RecordedSpace",
    "check_model",
    "classes_of",
    "load",
    "model_file",
    "read_document",
    "read_header",
    "read_model",
    "read_tensors",
    "recorded_code",
    "recorded_space",
    "save",
    "sum_of_tensors",
    "trained_on",
    "unfinished",
    "write_tensors",
]

from copyist.checkpoint.header import NO_MODEL, Header, classes_of, trained_on
from copyist.checkpoint.model_file import (
    DETECTOR_FILE,
    DETECTOR_PREFIX,
    DETECTOR_REFUSAL,
    MODEL_CATALOGUES,
    check_model,
    load,
    model_file,
    read_header,
    read_model,
    save,
    unfinished,
)
from copyist.checkpoint.recorded_code import RecordedCode, recorded_code
from copyist.checkpoint.recorded_space import RecordedSpace, recorded_space
from copyist.checkpoint.tensor_file import (
    FORMAT_VERSION,
    read_document,
    read_tensors,
    sum_of_tensors,
    write_tensors,
)
