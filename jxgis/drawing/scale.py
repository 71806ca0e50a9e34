"""The scale bar of maps for print: a round length and its words."""

from __future__ import annotations

__all__ = ["scale_bar"]


def scale_bar(most_m: float) -> tuple[float, str]:
    """The longest round length up to so many metres, and what it is called.

    Examples
    --------
    >>> scale_bar(7300), scale_bar(640), scale_bar(0.3)
    ((5000.0, '5 km'), (500.0, '500 m'), (1.0, '1 m'))
    """
    length = max(s * 10.0**e for e in range(7) for s in (1, 2, 5) if s * 10.0**e <= max(most_m, 1))
    return length, f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
