"""What is said of the files of a layer: once for all the files of which it holds."""

from __future__ import annotations

from collections.abc import Sequence

from jxgis.i18n import Text, text_pair

__all__ = ["Told", "in_words"]


class Told:
    """What is to be said of each file: once for all the files of which it holds, counts added up."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], list[str]] = {}
        self._values: dict[tuple[str, str], dict[str, object]] = {}

    def add(self, key: str, file: str, *, count: int = 0, **values: object) -> None:
        """Say a text, by its key and values, of one more file."""
        same = key, repr(sorted(values.items()))
        self._files.setdefault(same, []).append(file)
        kept = self._values.setdefault(same, {**values, "count": 0})
        kept["count"] = int(str(kept["count"])) + count

    def notes(self) -> list[Text]:
        """All that is said, in the order in which it was first."""
        return [
            text_pair(key, file=in_words(self._files[key, same]), **self._values[key, same])
            for key, same in self._files
        ]


def in_words(names: Sequence[str]) -> Text:
    """One file by its name, more by the first and how many they are.

    Examples
    --------
    >>> in_words(["a.csv", "b.csv"]).zh
    'a.csv 等 2 个文件'
    """
    if len(names) == 1:
        return Text(zh=names[0], en=names[0])
    return text_pair("load.files", first=names[0], count=len(names))
