"""Cells, neighbours and counting: the ground that the analyses share."""
