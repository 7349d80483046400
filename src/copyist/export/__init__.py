"""Models in other runtimes: ONNX, programs of PyTorch, and a page for a browser."""

__all__ = ["Exported", "export_model"]

from copyist.export.exporting import Exported, export_model
