"""Counts of issues that are kept: of any number of files, added to month by month."""
