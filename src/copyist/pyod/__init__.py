"""The detector of anomalies as one of pyod's: larger is stranger, and an outlier is 1."""

__all__ = ["AutoencoderDetector"]

from copyist.pyod.pyod_detector import AutoencoderDetector
