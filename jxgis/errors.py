"""The errors of jxgis: each says what is wrong, where, and what to do, in Chinese and English."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from typing import Self

from jxgis.i18n import LANGS, Text, listed, text_pair
from jxgis.privacy import hide_passwords

__all__ = [
    "NO_ROOM",
    "CrsError",
    "InputError",
    "JxgisError",
    "MissingPackageError",
    "NotGivenError",
    "OutputError",
    "SettingsError",
    "collect",
    "near",
    "os_reason",
    "require_lang",
]

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
"""What the system says where the disk takes no more."""
_MOST = 8
_ALIKE, _ALIKE_LETTERS = 0.5, 0.6  # share of alike signs from which a name is near: half of two Chinese signs is one

_OS_REASONS = {
    errno.EACCES: Text(zh="没有权限", en="no permission"),
    errno.EPERM: Text(zh="没有权限", en="no permission"),
    errno.EROFS: Text(zh="磁盘是只读的", en="the disk is read-only"),
    errno.ENOSPC: Text(zh="磁盘已满", en="the disk is full"),
    errno.EFBIG: Text(zh="文件超过系统允许的大小", en="the file is larger than the system allows"),
    errno.EIO: Text(zh="磁盘读写出错", en="the disk failed"),
    errno.EDQUOT: Text(zh="磁盘配额已用完", en="the disk quota is used up"),
    errno.ENOENT: Text(zh="文件或文件夹不存在", en="no such file or folder"),
    errno.ENOTDIR: Text(zh="路径中有一项是文件，不是文件夹", en="a part of the path is a file, not a folder"),
    errno.EEXIST: Text(zh="路径中有一项是文件，不是文件夹", en="a part of the path is a file, not a folder"),
    errno.EISDIR: Text(zh="这是文件夹，不是文件", en="it is a folder, not a file"),
    errno.ENAMETOOLONG: Text(zh="路径太长", en="the path is too long"),
    errno.EINVAL: Text(zh="路径中有不允许的字符", en="the path holds a character that is not allowed"),
}


def __dir__() -> list[str]:
    return __all__


class JxgisError(Exception):
    """Base of every error that jxgis raises on purpose.

    Parameters
    ----------
    zh, en
        The whole message, in Chinese and in English; passwords in addresses are taken out.

    Examples
    --------
    >>> error = JxgisError(zh="文件不存在：a.csv。", en="No such file: a.csv.")
    >>> error.text("en")
    'No such file: a.csv.'
    >>> print(error)
    文件不存在：a.csv。
    No such file: a.csv.
    """

    def __init__(self, *, zh: str, en: str) -> None:
        self.message = Text(zh=hide_passwords(zh), en=hide_passwords(en))
        super().__init__("\n".join(self.message))

    @classmethod
    def saying(cls, message: Text) -> Self:
        """The error with a text in both languages for its message."""
        return cls(zh=message.zh, en=message.en)

    def text(self, lang: str) -> str:
        """The message in one language, ``"zh"`` or ``"en"``."""
        return self.message.of(lang)


class InputError(JxgisError):
    """A file, a table or an argument that cannot be used as given."""


class NotGivenError(InputError):
    """What an analysis works on is not given, though its layers are: a report goes without it and says so."""


class CrsError(InputError):
    """Coordinates in another reference system than declared or needed."""


class SettingsError(InputError):
    """A settings file or a profile that cannot be used as written."""


class OutputError(JxgisError):
    """A result folder that cannot be written without losing something."""


class MissingPackageError(JxgisError):
    """An optional package that is not installed."""


def collect(errors: Iterable[JxgisError]) -> None:
    """Raise once for everything that was found wrong.

    Parameters
    ----------
    errors
        What the checks found; nothing is raised when it is empty.

    Raises
    ------
    JxgisError
        The one error as it stands, or one of the first one's type that lists the first eight, and says how many more there are.

    Examples
    --------
    >>> collect([])
    >>> collect([InputError(zh="甲", en="a"), InputError(zh="乙", en="b")])
    Traceback (most recent call last):
    jxgis.errors.InputError: 甲
    乙
    a
    b
    """
    found = list(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        said = [error.message for error in found[:_MOST]]
        if len(found) > _MOST:
            said.append(text_pair("common.more_wrong", n=len(found) - _MOST))
        raise type(found[0])(zh="\n".join(each.zh for each in said), en="\n".join(each.en for each in said))


def near(given: str, known: Iterable[str]) -> str | None:
    """The known name that a wrong one may have meant: it is alike, or goes on from it; None where there is none.

    Parameters
    ----------
    given
        The wrong name.
    known
        Names that there are.

    Returns
    -------
    str or None

    Examples
    --------
    >>> near("cell", ["cell_m", "band_m"]), near("speed", ["speed_m_per_min"]), near("老成", ["老城", "东栅"])
    ('cell_m', 'speed_m_per_min', '老城')
    >>> near("distrcts", ["strata", "classes"]), near("菜市场", ["城市广场", "农贸市场"])
    (None, '农贸市场')
    """
    names = list(known)
    cutoff = _ALIKE_LETTERS if given.isascii() else _ALIKE
    match = difflib.SequenceMatcher(b=given)

    def alikeness(name: str) -> tuple[float, int]:
        """How much is the same; of equals (菜市场: 城市广场, 农贸市场) how much of it stands together."""
        match.set_seq1(name)
        return match.ratio(), match.find_longest_match().size

    alike = sorted(difflib.get_close_matches(given, names, n=5, cutoff=cutoff), key=alikeness, reverse=True)
    longer = [name for name in names if len(given) > 1 and name.startswith(given)]
    return next(iter([*alike, *longer]), None)


def require_lang(lang: str) -> None:
    """Refuse a language that there is not.

    Raises
    ------
    InputError
        If it is neither ``"zh"`` nor ``"en"``.

    Examples
    --------
    >>> require_lang("fr")
    Traceback (most recent call last):
    jxgis.errors.InputError: 没有语言“fr”；可用：zh、en...
    """
    if lang not in LANGS:
        raise InputError(
            zh=f"没有语言“{lang}”；可用：{listed(LANGS, 'zh')}。",
            en=f"No language {lang!r}; there are: {listed(LANGS, 'en')}.",
        )


def os_reason(error: OSError) -> Text:
    """What the operating system refused, in both languages; its own English words where it is something rare.

    Examples
    --------
    >>> os_reason(OSError(errno.ENOSPC, "No space left on device")).zh
    '磁盘已满'
    """
    words = error.strerror or str(error)
    return _OS_REASONS.get(error.errno or 0, Text(zh=words, en=words))
