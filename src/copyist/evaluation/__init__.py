"""Models measured on held-out data, beside every baseline.

`evaluate` measures. Each kind of result is one frozen type, in the file of its name, that knows its document and its
text; those files import torch where they measure, so that a page can read results without it.
"""
