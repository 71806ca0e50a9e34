"""The folder of a store: what was counted of each file, and which of it counts."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis.errors import InputError, OutputError, os_reason
from jxgis.i18n import text_pair
from jxgis.store.one_file import ACCOUNT, Account

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jxgis.i18n import Text

__all__ = ["Held", "Store", "open_store"]

_INDEX, _FILES, _STAGED, _PARTLY, _LOCK = "store.json", "files", "staged", ".partly", ".lock"
_NOT_GIVEN = "null"
_IN_WORDS = ("box", "cells", "city", "classes", "crs", "district", "format", "subdistrict")
# What a run has not touched for so long, in seconds, it left behind when it was killed.
_LEFT = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Held:
    """What was counted of one file.

    Parameters
    ----------
    folder
        Where it is.
    account
        What became of the file's rows.
    """

    folder: Path
    account: Account


class Store:
    """What was counted of each file; `open_store` opens one.

    One file, ``store.json``, says which of it counts, and is replaced as a whole: a run that is killed leaves the store as it
    was before it or as it is after it. What was counted of a file by then is found again by its hash and the terms.

    Parameters
    ----------
    root
        The folder.
    terms
        What all that is in it was counted by: `Plan.terms`.
    """

    def __init__(self, root: Path, terms: Mapping[str, str]) -> None:
        self.root, self._terms = root, terms

    def held(self) -> list[Held]:
        """What counts, in the order of the names of the files.

        Raises
        ------
        InputError
            If the store is damaged.
        """
        keys = _index(self.root)["files"] if (self.root / _INDEX).exists() else []
        return sorted(map(self._read, keys), key=lambda one: one.account.name)

    def key(self, name: str, sha256: str) -> str:
        """What a file of some content is called in the store."""
        terms = json.dumps(self._terms, sort_keys=True)
        return hashlib.sha256(f"{name}\n{sha256}\n{terms}".encode()).hexdigest()[:32]

    def known(self, name: str, sha256: str) -> bool:
        """Whether a file of some content was counted."""
        return (self.root / _FILES / self.key(name, sha256) / ACCOUNT).exists()

    @contextlib.contextmanager
    def counting(self, name: str, sha256: str) -> Iterator[Path]:
        """A folder that does not exist yet, to count a file into; it is there, whole, once the block ends.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        whole = self.root / _FILES / self.key(name, sha256)
        partly = _partly(whole)
        try:
            partly.parent.mkdir(parents=True, exist_ok=True)
            yield partly
            try:
                partly.rename(whole)
            except OSError:
                # Another run may have counted the same file by now.
                if not (whole / ACCOUNT).exists():
                    raise
        except OSError as error:
            raise _cannot_write(self.root, error) from None
        finally:
            shutil.rmtree(partly, ignore_errors=True)

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """A new folder, for files that are needed until the block ends; those of runs that were killed are removed.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        folder = _partly(self.root / _STAGED)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as held:
                with _alone(self.root / _LOCK):
                    self._unstage()
                    folder.mkdir()
                    held.enter_context(_alone(folder / _LOCK))
                yield folder
        except OSError as error:
            raise _cannot_write(self.root, error) from None
        except InputError as error:
            # A database is read while its rows are written: that the disk is full is no fault of its.
            if isinstance(error.__cause__, OSError):
                raise _cannot_write(self.root, error.__cause__) from None
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _unstage(self) -> None:
        """Remove what is staged by runs that are dead: their locks are free."""
        for left in self.root.glob(f"{_STAGED}{_PARTLY}-*"):
            with contextlib.suppress(OSError):
                with _alone(left / _LOCK, wait=False):
                    pass
                shutil.rmtree(left)

    def counted(self, files: Sequence[tuple[str, str]]) -> list[Held]:
        """What was counted of files, by the name and the hash of each."""
        return [self._read(self.key(name, sha256)) for name, sha256 in files]

    def take_in(self, files: Sequence[Held], *, replace: bool) -> list[str]:
        """Let what was counted of files count from now on.

        Parameters
        ----------
        files
            From `counted`.
        replace
            Whether a file takes the place of one of its name that the store has.

        Returns
        -------
        list of str
            The names of those that another file of their name counted for before.

        Raises
        ------
        InputError
            If another run began the store with other terms, or a file is to take the place of another and may not.
        OutputError
            If it cannot be written.
        """
        try:
            with _alone(self.root / _LOCK):
                return self._take_in(files, replace=replace)
        except OSError as error:
            raise _cannot_write(self.root, error) from None

    def _take_in(self, files: Sequence[Held], *, replace: bool) -> list[str]:
        # Another run may have begun the store with other terms since.
        _require_terms(self.root, self._terms)
        new = {one.account.name: one for one in files}
        before = {one.account.name: one for one in self.held()}
        replaced = [one for name, one in before.items() if name in new and one.folder != new[name].folder]
        names = sorted(one.account.name for one in replaced)
        if names and not replace:
            raise InputError.saying(text_pair("store.other_content", store=self.root, files=names))
        count = {**before, **new}
        index = {"terms": dict(self._terms), "files": [count[name].folder.name for name in sorted(count)]}
        partly = _partly(self.root / _INDEX)
        partly.write_text(json.dumps(index, ensure_ascii=False, indent=1), encoding="utf-8")
        partly.replace(self.root / _INDEX)
        for one in replaced:
            shutil.rmtree(one.folder, ignore_errors=True)
        self._sweep()
        return names

    def _sweep(self) -> None:
        """Remove what runs that were killed left behind."""
        for left in [*self.root.glob(f"*{_PARTLY}-*"), *self.root.glob(f"{_FILES}/*{_PARTLY}-*")]:
            with contextlib.suppress(OSError):
                touched = max(path.stat().st_mtime for path in (left, *left.rglob("*")))
                if touched < time.time() - _LEFT:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _read(self, key: str) -> Held:
        folder = self.root / _FILES / key
        if not (folder / ACCOUNT).exists():
            raise InputError.saying(text_pair("store.damaged", store=self.root, folder=f"{_FILES}/{key}"))
        return Held(folder, Account.read(folder / ACCOUNT))


def open_store(root: str | Path, terms: Mapping[str, str]) -> Store:
    """Open a store, or make a new one.

    Parameters
    ----------
    root
        The folder; absent, empty or a store.
    terms
        What issues are to be counted by.

    Returns
    -------
    Store

    Raises
    ------
    InputError
        If it holds what was counted by other terms, which would not add up, or is damaged.
    OutputError
        If the folder holds something else.
    """
    root = Path(root)
    _require_terms(root, terms)
    if (
        not (root / _INDEX).exists()
        and root.exists()
        and (not root.is_dir() or any(_is_foreign(entry.name) for entry in root.iterdir()))
    ):
        raise OutputError.saying(text_pair("store.no_store", store=root))
    return Store(root, terms)


def _is_foreign(name: str) -> bool:
    """Whether a file or folder is none that a store which is begun may hold."""
    return name not in (_FILES, _LOCK) and _PARTLY not in name


def _require_terms(root: Path, terms: Mapping[str, str]) -> None:
    """Refuse a store of other terms."""
    before = _index(root)["terms"] if (root / _INDEX).exists() else terms
    other = [name for name in dict.fromkeys([*before, *terms]) if before.get(name) != terms.get(name)]
    if other:
        said = [_said(name, before.get(name, _NOT_GIVEN), terms.get(name, _NOT_GIVEN)) for name in other]
        raise InputError.saying(text_pair("store.other_terms", store=root, terms=said))


def _said(name: str, before: str, now: str) -> Text:
    """A term as planners know it: in words where it is a hash or of the city, else the setting, as it was and as it is."""
    if name in _IN_WORDS:
        return text_pair(f"store.term_{name}")
    own = {"cell_m": "cell_m", "start": "[inputs.issues] from", "end": "[inputs.issues] to"}
    setting = own.get(name, f"[inputs.issues] {name.removeprefix('options.')}")
    was, is_now = (text_pair("store.term_none") if value == _NOT_GIVEN else value for value in (before, now))
    return text_pair("store.term", setting=setting, before=was, now=is_now)


def _index(root: Path) -> dict[str, dict[str, str]]:
    try:
        index: dict[str, dict[str, str]] = json.loads((root / _INDEX).read_text(encoding="utf-8"))
    except (ValueError, OSError):
        index = {}
    if not isinstance(index, dict) or not {"terms", "files"} <= index.keys():
        raise InputError.saying(text_pair("store.damaged", store=root, folder=_INDEX))
    return index


def _partly(path: Path) -> Path:
    """What is to become a file or a folder, of this run alone."""
    return path.with_name(f"{path.name}{_PARTLY}-{uuid.uuid4().hex[:8]}")


@contextlib.contextmanager
def _alone(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Let no other run into a block that has the same lock; a run that is killed gives its lock up.

    Raises
    ------
    OSError
        If it is not to wait for another run.
    """
    with path.open("ab") as file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _cannot_write(root: Path, error: OSError) -> OutputError:
    reason = os_reason(error)
    return OutputError.saying(text_pair("store.cannot_write", store=root, why=reason))
