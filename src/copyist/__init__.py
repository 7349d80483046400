"""Autoencoders trained by copying. The table of contents is `__init__.pyi`; each name is imported when it is used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
