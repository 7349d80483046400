"""Autoencoders as estimators of scikit-learn: a detector of anomalies, and a transformer to codes and back."""

__all__ = ["AutoencoderDetector", "AutoencoderTransformer"]

from copyist.sklearn.autoencoder_detector import AutoencoderDetector
from copyist.sklearn.autoencoder_transformer import AutoencoderTransformer
