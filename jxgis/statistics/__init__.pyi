from .batches import batch_of_shares, batch_tails, batches_of_groups, weeks_of
from .beta_binomial import beta_binomial_tails
from .fdr import benjamini_hochberg, gi_bin, is_hot
from .intervals import FUNNEL, funnel_limits, share_interval
from .mann_kendall import MOST_EXACT, MannKendall, mann_kendall, sen_slope
from .overdispersion import Overdispersion, overdispersion, overdispersion_on_grid
from .shares import MIN_CASES, SharesOf, share_variance_ratio
from .tails import drawn_tails, two_sided

__all__ = [
    "FUNNEL",
    "MIN_CASES",
    "MOST_EXACT",
    "MannKendall",
    "Overdispersion",
    "SharesOf",
    "batch_of_shares",
    "batch_tails",
    "batches_of_groups",
    "benjamini_hochberg",
    "beta_binomial_tails",
    "drawn_tails",
    "funnel_limits",
    "gi_bin",
    "is_hot",
    "mann_kendall",
    "overdispersion",
    "overdispersion_on_grid",
    "sen_slope",
    "share_interval",
    "share_variance_ratio",
    "two_sided",
    "weeks_of",
]
