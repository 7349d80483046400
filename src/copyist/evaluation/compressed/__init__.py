"""Files of pictures to compressed files and back, and what both cost."""

__all__ = ["CompressedPicture", "CompressionReport", "Rival", "compress_files", "decompress_files"]

from copyist.evaluation.compressed.compress_files import compress_files
from copyist.evaluation.compressed.decompress_files import decompress_files
from copyist.evaluation.compressed.report import CompressedPicture, CompressionReport, Rival
