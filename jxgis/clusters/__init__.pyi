from .dbscan import NOISE, Labels, dense_groups, numbered_by_size

__all__ = ["NOISE", "Labels", "dense_groups", "numbered_by_size"]
