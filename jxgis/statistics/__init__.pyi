from .batches import batch_of_shares, batch_tails, weeks_of
from .beta_binomial import beta_binomial_tails
from .fdr import benjamini_hochberg, gi_bin, is_hot
from .overdispersion import Overdispersion, overdispersion, overdispersion_on_grid
from .shares import MIN_CASES, SharesOf, share_variance_ratio

__all__ = [
    "MIN_CASES",
    "Overdispersion",
    "SharesOf",
    "batch_of_shares",
    "batch_tails",
    "benjamini_hochberg",
    "beta_binomial_tails",
    "gi_bin",
    "is_hot",
    "overdispersion",
    "overdispersion_on_grid",
    "share_variance_ratio",
    "weeks_of",
]
