"""What is to be said of the files of a layer, for people."""

from __future__ import annotations

from collections.abc import Sequence

from jxgis.i18n import Text, text_pair
from jxgis.load.loaded import Conversion

__all__ = ["FileNotes", "files_label"]


class FileNotes:
    """What is to be said of each file: once for all the files of which it holds, counts added up."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], list[str]] = {}
        self._values: dict[tuple[str, str], dict[str, object]] = {}

    def add(self, key: str, file: str, *, count: int = 0, **values: object) -> None:
        """Say of a file the text ``key``, with its values."""
        same = key, repr(sorted(values.items()))
        self._files.setdefault(same, []).append(file)
        kept = self._values.setdefault(same, {**values, "count": 0})
        kept["count"] = int(str(kept["count"])) + count

    def notes(self) -> list[Text]:
        """What was said, in the order in which it was first said."""
        return [
            text_pair(key, file=files_label(self._files[key, same]), **self._values[key, same])
            for key, same in self._files
        ]

    def converted(self) -> tuple[Conversion, ...]:
        """The notes on coordinates that were converted, with the systems."""
        return tuple(
            Conversion(note, str(self._values[same]["source"]), str(self._values[same]["target"]))
            for same, note in zip(self._files, self.notes(), strict=True)
            if same[0] == "load.converted"
        )


def files_label(names: Sequence[str]) -> Text:
    """One file by its name, more by the first and how many they are.

    Examples
    --------
    >>> files_label(["a.csv", "b.csv"]).zh
    'a.csv 等 2 个文件'
    """
    if len(names) == 1:
        return Text(zh=names[0], en=names[0])
    return text_pair("load.files", first=names[0], count=len(names))
