from .analysis import find_clusters
from .dbscan import NOISE, Labels, dense_groups, numbered_by_size
from .density import dense_from, suggest_eps
from .figures import cluster_sheet
from .hdbscan import stable_groups
from .map import cluster_map
from .outlines import densest_spots, outline_clusters
from .result import ClustersResult
from .table import describe_clusters

__all__ = [
    "NOISE",
    "ClustersResult",
    "Labels",
    "cluster_map",
    "cluster_sheet",
    "dense_from",
    "dense_groups",
    "densest_spots",
    "describe_clusters",
    "find_clusters",
    "numbered_by_size",
    "outline_clusters",
    "stable_groups",
    "suggest_eps",
]
