"""Weights of indicators: expert, equal, AHP, entropy, CRITIC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.errors import InputError, SettingsError, collect
from jxgis.i18n import listed, text
from jxgis.privacy import quoted
from jxgis.scoring.indicators import Indicator, Judgements
from jxgis.settings import Weighing
from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Ahp",
    "Weights",
    "ahp_weights",
    "check_judgements",
    "critic_weights",
    "entropy_weights",
    "equal_weights",
    "expert_weights",
    "judgement_matrix",
    "judgements_from",
    "weigh",
]

_MAX_CR = 0.1
"""Saaty's limit: above it the judgements contradict one another too much to be used."""
# Saaty's random index, the mean consistency index of random matrices of order 1 to 15 (Saaty 1980).
_RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)


@dataclass(frozen=True)
class Ahp:
    """Weights from pairwise judgements: ``weights`` (n,) sum to 1; ``lambda_max``, and the consistency ratio ``cr``."""

    weights: NDArray[np.float64]
    lambda_max: float
    cr: float


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights that a score was made with.

    Attributes
    ----------
    method
        How they were found.
    shares
        Series on the indicators' ids, sum 1.
    details
        Figures that go with the method: ``cr`` and ``lambda_max`` for AHP.
    fallback
        Code of what stood in for an input that was not there, else empty: ``judgements_from_expert``, ``entropy_of_all``,
        ``critic_of_all``.
    """

    method: Weighing
    shares: pd.Series
    details: dict[str, float] = field(default_factory=dict)
    fallback: str = ""

    def words(self, lang: str) -> str:
        """How they were found, and what stood in for an input that was not there."""
        return text(f"report.weights_{self.fallback or self.method}", lang)


def expert_weights(indicators: Sequence[Indicator]) -> pd.Series:
    """The indicators' own weights, scaled to sum 1.

    Examples
    --------
    >>> expert_weights([Indicator("a", "A", 3, target=1), Indicator("b", "A", 1, target=1)]).tolist()
    [0.75, 0.25]
    """
    given = pd.Series({i.id: float(i.weight) for i in indicators}, name="weight", dtype="float64")
    return given / given.sum()


def equal_weights(indicators: Sequence[Indicator]) -> pd.Series:
    """Each indicator alike, sum 1.

    Examples
    --------
    >>> equal_weights([Indicator("a", "A", 3, target=1), Indicator("b", "A", 1, target=1)]).tolist()
    [0.5, 0.5]
    """
    ids = [i.id for i in indicators]
    return pd.Series(1.0 / len(ids), index=ids, name="weight")


def judgement_matrix(judgements: Judgements, names: Sequence[str]) -> NDArray[np.float64]:
    """The reciprocal matrix of pairwise judgements.

    Parameters
    ----------
    judgements
        Row name to column name to how many times as important the row is; either triangle, or both where they agree.
    names
        Order of rows and columns.

    Returns
    -------
    ndarray
        Shape (n, n), a_ji = 1/a_ij, ones on the diagonal.

    Raises
    ------
    SettingsError
        If a pair was not judged, was judged twice in conflict, or names something unknown.

    Examples
    --------
    >>> judgement_matrix({"A": {"B": 2}}, ["A", "B"]).tolist()
    [[1.0, 2.0], [0.5, 1.0]]
    """
    place = {name: k for k, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for row, columns in judgements.items():
        for column, times in columns.items():
            if row not in place or column not in place:
                continue  # judgements of dimensions that this set of indicators does not use
            i, j = place[row], place[column]
            if not np.isnan(matrix[i, j]) and not np.isclose(matrix[i, j], times):
                raise SettingsError(
                    zh=f"AHP：{row} 与 {column} 的两次判断互相矛盾；请只保留一次。",
                    en=f"AHP: {row} and {column} were judged twice, in conflict; keep one.",
                )
            matrix[i, j], matrix[j, i] = times, 1.0 / times
    missing = [f"{names[i]}/{names[j]}" for i, j in np.argwhere(np.isnan(matrix)) if i < j]
    if missing:
        raise SettingsError(
            zh=f"AHP：缺少两两判断 {listed(missing, 'zh')}；请在 [scoring.judgements] 中补上，或改用别的权重。",
            en=f"AHP: no judgement of {listed(missing, 'en')}; add them to [scoring.judgements], or use other weights.",
        )
    return matrix


def check_judgements(judgements: Judgements, indicators: Sequence[Indicator]) -> None:
    """Refuse judgements of a project that AHP cannot use, also where other weights count: AHP is one of the views.

    Raises
    ------
    InputError
        If they contradict one another.
    SettingsError
        If one is of a dimension that no indicator has, or a pair was not judged.

    Examples
    --------
    >>> two = [Indicator("a", "基础", 3, target=1), Indicator("b", "管理", 1, target=1)]
    >>> check_judgements({"基础": {"管理绩效": 4}}, two)
    Traceback (most recent call last):
    jxgis.errors.SettingsError: [scoring.judgements]：没有维度 管理绩效；指标的维度为 基础、管理。
    """
    names = list(dict.fromkeys(i.dimension for i in indicators))
    said = dict.fromkeys([*judgements, *(column for row in judgements.values() for column in row)])
    collect(
        [
            SettingsError(
                zh=f"[scoring.judgements]：没有维度 {quoted(name)}；指标的维度为 {listed(names, 'zh')}。",
                en=f"[scoring.judgements]: there is no dimension {quoted(name)}; those of the indicators are {listed(names, 'en')}.",
            )
            for name in said
            if name not in names
        ]
    )
    if said:
        weigh("ahp", indicators, judgements=judgements)


def judgements_from(importance: pd.Series) -> dict[str, dict[str, float]]:
    """Pairwise judgements read off weights: their ratios, rounded to Saaty's scale of 1 to 9.

    Parameters
    ----------
    importance
        Weight of each name, positive.

    Returns
    -------
    dict
        Row name to column name to how many times as important the row is, 1 or more.

    Examples
    --------
    >>> judgements_from(pd.Series({"A": 10, "B": 42, "C": 20}))
    {'B': {'A': 4.0, 'C': 2.0}, 'C': {'A': 2.0}}
    """
    weight = {str(name): float(value) for name, value in importance.items()}
    found: dict[str, dict[str, float]] = {}
    names = list(weight)
    for i, left in enumerate(names):
        for right in names[i + 1 :]:
            more, less = (left, right) if weight[left] >= weight[right] else (right, left)
            ratio = weight[more] / weight[less]
            found.setdefault(more, {})[less] = float(min(9, max(1, round(ratio))))
    return found


def ahp_weights(matrix: ArrayLike) -> Ahp:
    """Weights from a reciprocal matrix of judgements: its principal eigenvector (Saaty 1980).

    Parameters
    ----------
    matrix
        Shape (n, n), positive, a_ji = 1/a_ij, n up to 15.

    Returns
    -------
    Ahp
        CR = CI/RI, CI = (λ_max − n)/(n − 1), RI the mean CI of random matrices.

    Raises
    ------
    InputError
        If the matrix is not reciprocal, or CR is 0.1 or more.

    Examples
    --------
    >>> found = ahp_weights([[1, 2, 6], [1 / 2, 1, 3], [1 / 6, 1 / 3, 1]])
    >>> found.weights.round(6).tolist(), abs(round(found.cr, 6))
    ([0.6, 0.3, 0.1], 0.0)
    """
    a = np.asarray(matrix, dtype=np.float64)
    n = len(a)
    square = a.ndim == 2 and a.shape == (n, n) and 0 < n <= len(_RANDOM_INDEX)
    if not square or not np.isfinite(a).all() or (a <= 0).any() or not np.allclose(a * a.T, 1.0, rtol=1e-6):
        raise InputError(
            zh=f"AHP 判断矩阵须为正的互反方阵（a_ji = 1/a_ij），至多 {len(_RANDOM_INDEX)} 阶。",
            en=f"An AHP matrix must be square, positive and reciprocal (a_ji = 1/a_ij), of order {len(_RANDOM_INDEX)} "
            "at most.",
        )
    values, vectors = np.linalg.eig(a)
    first = int(np.argmax(values.real))
    lambda_max = float(values[first].real)
    weights = np.abs(vectors[:, first].real)
    ci = (lambda_max - n) / (n - 1) if n > 1 else 0.0
    cr = max(0.0, ci / _RANDOM_INDEX[n - 1]) if n > 2 else 0.0
    if cr >= _MAX_CR:
        raise InputError(
            zh=f"AHP 判断不一致：CR = {cr:.3f}，应小于 {_MAX_CR}；请重新比较后再试。",
            en=f"The AHP judgements are not consistent: CR = {cr:.3f}, which must be below {_MAX_CR}; judge again.",
        )
    return Ahp(weights / weights.sum(), lambda_max, cr)


def entropy_weights(scores: pd.DataFrame) -> pd.Series:
    """Weights by how unevenly an indicator is spread over the candidates: 1 − entropy, scaled to sum 1.

    Parameters
    ----------
    scores
        One row a candidate, one column an indicator, from 0 to 100, more is better; NaN is left out. At least two
        candidates with a value.

    Returns
    -------
    pandas.Series
        On the columns; NaN for an indicator with fewer than two values: nothing can be said about it.

    Raises
    ------
    InputError
        If no indicator tells the candidates apart.

    Notes
    -----
    p_ij = s_ij/Σ_i s_ij over the n_j candidates that have a value, e_j = −Σ p ln p / ln n_j, w_j ∝ 1 − e_j
    (Shannon 1948; Zeleny 1982). The scores are against fixed references, so no further scaling is needed.

    Examples
    --------
    >>> entropy_weights(pd.DataFrame({"flat": [50.0, 50.0], "split": [100.0, 0.0]})).tolist()
    [0.0, 1.0]
    """
    s = scores.to_numpy(dtype=np.float64)
    known = np.isfinite(s)
    n = known.sum(axis=0)
    total = np.nansum(s, axis=0)
    share = ratio(np.where(known, s, 0.0), total, none=0)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    entropy = -(share * logs).sum(axis=0) / np.log(np.maximum(n, 2))
    spread = np.where(total > 0, 1.0 - entropy, 0.0)
    # A constant column has entropy 1 up to rounding: it tells nobody apart.
    spread = np.where(spread < 1e-12, 0.0, spread)
    return _scaled(np.where(n >= 2, spread, np.nan), scores.columns)


def critic_weights(scores: pd.DataFrame) -> pd.Series:
    """Weights by contrast and by conflict with the other indicators, scaled to sum 1 (CRITIC).

    Parameters
    ----------
    scores
        As for :func:`entropy_weights`.

    Returns
    -------
    pandas.Series
        On the columns; NaN for an indicator with fewer than two values.

    Raises
    ------
    InputError
        If no indicator tells the candidates apart.

    Notes
    -----
    C_j = σ_j Σ_k (1 − r_jk), σ with divisor n − 1, r Pearson's over the candidates that have both values (Diakoulaki,
    Mavrotas & Papayannakis 1995). A pair without a correlation (a constant, or fewer than two common values) adds
    nothing. A single indicator that varies takes all the weight.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [0.0, 50.0, 100.0], "b": [0.0, 50.0, 100.0], "c": [100.0, 50.0, 0.0]})
    >>> critic_weights(table).tolist()
    [0.25, 0.25, 0.5]
    """
    spread = scores.std(ddof=1).to_numpy(dtype=np.float64)
    spread = np.where(spread < 1e-9, 0.0, spread)  # scores run to 100: below is rounding
    with np.errstate(invalid="ignore", divide="ignore"):
        r = scores.corr(min_periods=2).to_numpy(dtype=np.float64, copy=True)
    r[:, spread == 0.0] = np.nan
    r[spread == 0.0, :] = np.nan
    np.fill_diagonal(r, 1.0)
    conflict = np.nansum(1.0 - r, axis=1)
    content = spread * conflict
    if not (np.nan_to_num(content) > 1e-9).any():  # one varies, or all vary alike: no conflict to tell them apart
        content = spread
    return _scaled(content, scores.columns)


def _scaled(values: NDArray[np.float64], index: pd.Index) -> pd.Series:
    total = np.nansum(values)
    if not total > 0:
        raise InputError(
            zh="各候选单元在每个指标上的得分都相同（或不足两个），无法由数据定权；请用 expert 或 equal 权重。",
            en="No indicator tells the candidates apart (or fewer than two have a value), so data give no weights; "
            "use expert or equal.",
        )
    return pd.Series(values / total, index=index, name="weight")


def weigh(
    method: Weighing,
    indicators: Sequence[Indicator],
    *,
    scores: pd.DataFrame | None = None,
    judgements: Judgements | None = None,
) -> Weights:
    """Weigh indicators by a method.

    AHP judges the dimensions; within one, its weight is shared out by the expert weights. Where no two of them have been
    judged, the judgements are read off their expert weights, and the result says so. Entropy and CRITIC weigh what
    has been measured; an indicator that nothing is known about keeps its expert weight, so that it stays missing from
    the completeness.

    Parameters
    ----------
    method
        ``expert``, ``equal``, ``ahp``, ``entropy`` or ``critic``.
    indicators
        What is weighed.
    scores
        For entropy and CRITIC: one row a candidate, columns by indicator id, 0 to 100.
    judgements
        For AHP: pairwise judgements of the dimensions.

    Returns
    -------
    Weights

    Raises
    ------
    InputError
        If the method is unknown, or lacks or cannot use its input.

    Examples
    --------
    >>> two = [Indicator("a", "A", 3, target=1), Indicator("b", "B", 1, target=1)]
    >>> weigh("ahp", two, judgements={"B": {"A": 4}}).shares.round(6).tolist()
    [0.2, 0.8]
    """
    expert = expert_weights(indicators)
    if method == "expert":
        return Weights(method, expert)
    if method == "equal":
        return Weights(method, equal_weights(indicators))
    if method == "ahp":
        names = list(dict.fromkeys(i.dimension for i in indicators))
        of = pd.Series({i.id: i.dimension for i in indicators})
        judged = any(a in names and b in names for a, row in (judgements or {}).items() for b in row)
        fallback = "" if judged or len(names) == 1 else "judgements_from_expert"
        if fallback:
            judgements = judgements_from(expert.groupby(of).sum().reindex(names))
        found = ahp_weights(judgement_matrix(judgements or {}, names))
        inside = expert / expert.groupby(of).transform("sum")
        values = (inside * of.map(dict(zip(names, found.weights.tolist(), strict=True)))).rename("weight")
        return Weights(method, values, {"cr": found.cr, "lambda_max": found.lambda_max}, fallback)
    if method not in ("entropy", "critic"):
        raise InputError(
            zh=f"没有名为 {method} 的权重；可用 expert、equal、ahp、entropy、critic。",
            en=f"No weights {method}; there are expert, equal, ahp, entropy and critic.",
        )
    if scores is None:
        raise InputError(zh=f"{method} 权重需要得分表。", en=f"{method} weights need the table of scores.")
    by_data = entropy_weights if method == "entropy" else critic_weights
    data = by_data(scores.reindex(columns=expert.index))
    unknown = data.isna()
    return Weights(method, expert.where(unknown, data * (1.0 - expert[unknown].sum())).rename("weight"))
