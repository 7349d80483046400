"""What a detector found in images or tables: judged one batch at a time, ranked where labels are known, and reported.

`detect` judges. The result is one frozen type in `report`, whose module imports no torch, as those of the page.
"""
