"""Did it work: treated areas before and after a date, against similar untreated ones."""

from __future__ import annotations

__all__: list[str] = []
