"""From results on disk to one HTML page; no results are computed here."""

__all__ = ["write_report"]

from copyist.report.page import write_report
