"""The folder of a store: step by step as at once, killed before or after, and never what does not add up."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from jxgis.errors import InputError, OutputError
from jxgis.load import batches
from jxgis.load._used import Picker, used_batches
from jxgis.load.batches import HowRead, NamedFile, issue_batches
from jxgis.load.issues import Filters
from jxgis.load.readers import file_hash
from jxgis.store import one_file, workers
from jxgis.store.counting import count_issues
from jxgis.store.folder import Held, Store, open_store


def content(root: Path) -> dict[str, str]:
    """Every file of a store and the hash of its bytes."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_month_by_month_gives_the_bytes_of_all_at_once(files, plan, tmp_path) -> None:
    paths, how = files(1), plan()
    whole = count_issues(paths, how, tmp_path / "whole")
    for path in (paths[2], paths[0], paths[1]):
        last = count_issues([path], how, tmp_path / "steps")
    assert content(tmp_path / "steps") == content(tmp_path / "whole")
    assert last.cells.equals(whole.cells)
    assert last.zones.equals(whole.zones)
    assert last.sources == whole.sources


def test_a_run_repeated_reads_nothing_and_changes_nothing(files, plan, tmp_path, monkeypatch) -> None:
    paths, how = files(2), plan()
    first = count_issues(paths, how, tmp_path / "store")
    before = content(tmp_path / "store")
    monkeypatch.setattr(one_file, "issue_batches", None)
    again = count_issues(paths, how, tmp_path / "store")
    assert content(tmp_path / "store") == before
    assert again.cells.equals(first.cells)


def test_old_files_may_be_gone_when_a_new_month_comes(files, plan, tmp_path) -> None:
    paths, how = files(3), plan()
    whole = count_issues(paths, how, tmp_path / "whole")
    count_issues(paths[:2], how, tmp_path / "store")
    for path in paths[:2]:
        path.unlink()
    assert count_issues(paths[2:], how, tmp_path / "store").cells.equals(whole.cells)


def test_a_file_of_the_same_name_takes_the_place_of_the_other(files, plan, tmp_path) -> None:
    paths, how = files(4), plan()
    count_issues(paths, how, tmp_path / "store")
    table = pd.read_csv(paths[0], dtype="str").head(20)
    table.to_csv(paths[0], index=False)
    before = content(tmp_path / "store")
    with pytest.raises(InputError, match="--replace"):
        count_issues(paths[:1], how, tmp_path / "store")
    assert before.items() <= content(tmp_path / "store").items()
    found = count_issues(paths[:1], how, tmp_path / "store", replace=True)
    assert any(paths[0].name in note.zh for note in found.notes)
    assert found.cells.equals(count_issues(paths, how, tmp_path / "new").cells)
    assert content(tmp_path / "store") == content(tmp_path / "new")


@pytest.mark.parametrize(("act", "at"), [("rename", 1), ("rename", 2), ("replace", 1)])
def test_killed_at_any_rename_the_store_is_as_before_or_as_after(files, plan, tmp_path, monkeypatch, act, at) -> None:
    """What a kill leaves behind is what an exception leaves that nothing catches: each rename may be the last act."""
    paths, how = files(5), plan()
    count_issues(paths[:1], how, tmp_path / "store")
    before = count_issues([], how, tmp_path / "store").cells
    after = count_issues(paths, how, tmp_path / "after").cells

    class Killed(BaseException):
        pass

    calls = 0

    real = getattr(Path, act)

    def dying(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Killed
        return real(self, target)

    monkeypatch.setattr(Path, act, dying)
    with pytest.raises(Killed):
        count_issues(paths, how, tmp_path / "store")
    monkeypatch.undo()
    left = count_issues([], how, tmp_path / "store").cells
    assert left.equals(before) or left.equals(after)
    assert count_issues(paths, how, tmp_path / "store").cells.equals(after)


def test_what_was_counted_otherwise_is_not_added_up(files, plan, tmp_path) -> None:
    paths = files(6)
    count_issues(paths[:1], plan(), tmp_path / "store")
    before = content(tmp_path / "store")
    moved = plan()
    moved.zones["district"] = moved.zones["district"].assign(name=lambda zones: zones["name"] + "新")
    for other, named in (
        (plan(Filters(start="2024-02-01")), r"\[inputs\.issues\] from 原为 未写，现为 \"2024-02-01\""),
        (plan(axes="north_east"), r"\[inputs\.issues\] axes 原为 未写，现为 \"north_east\""),
        (moved, "不同之处：片区边界）"),
    ):
        with pytest.raises(InputError, match=named):
            count_issues(paths, other, tmp_path / "store")
    assert content(tmp_path / "store") == before


def test_a_folder_of_something_else_is_left_alone(plan, tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="不是计数库"):
        open_store(tmp_path, plan().terms)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_full_disk_leaves_the_store_as_it_was(files, plan, tmp_path, monkeypatch) -> None:
    paths, how = files(7), plan()
    count_issues(paths[:1], how, tmp_path / "store")
    before = content(tmp_path / "store")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(one_file, "_write_ids", full)
    with pytest.raises(OutputError, match="磁盘已满"):
        count_issues(paths, how, tmp_path / "store")
    monkeypatch.undo()
    assert content(tmp_path / "store") == before
    count_issues(paths, how, tmp_path / "store")


def test_a_file_that_grows_while_it_is_read_is_refused_and_the_others_stand(files, plan, tmp_path, monkeypatch) -> None:
    paths, how = files(8), plan()

    def growing(file: NamedFile, sha256: str, how: HowRead, *, rows: int | None) -> Iterator[object]:
        yield from issue_batches(file, sha256, how, rows=rows)
        if file.path == paths[0]:
            with file.path.open("a", encoding="utf-8") as out:
                out.write("A9999\n")

    monkeypatch.setattr(one_file, "issue_batches", growing)
    found = count_issues(paths, how, tmp_path / "store")
    ((name, why),) = found.refused
    assert name == paths[0].name
    assert "发生了变化" in why.zh
    monkeypatch.undo()
    assert found.cells.equals(count_issues(paths[1:], how, tmp_path / "others").cells)


def test_a_file_that_changes_while_it_is_hashed_is_refused(files, plan, tmp_path, monkeypatch) -> None:
    paths, how = files(13), plan()

    def growing(path: Path) -> str:
        sha256 = file_hash(path)
        if path == paths[0]:
            path.write_bytes(path.read_bytes() + b"A9999\n")
        return sha256

    monkeypatch.setattr(workers, "file_hash", growing)
    found = count_issues(paths, how, tmp_path / "store")
    assert [name for name, _ in found.refused] == [paths[0].name]


def test_runs_at_once_of_other_terms_do_not_add_up(files, plan, tmp_path) -> None:
    paths, first, other = files(14), plan(), plan(Filters(start="2024-02-01"))
    begun = open_store(tmp_path / "store", other.terms)
    count_issues(paths, first, tmp_path / "store")
    before = content(tmp_path / "store")
    with pytest.raises(InputError, match=r"\[inputs\.issues\] from"):
        begun.take_in([], replace=False)
    assert content(tmp_path / "store") == before


def test_runs_at_once_lose_no_file(files, plan, tmp_path, monkeypatch) -> None:
    paths, how = files(16), plan()
    new = []
    for path in paths[:2]:
        count_issues([path], how, tmp_path / "alone" / path.name)
        store = open_store(tmp_path / "store", how.terms)
        shutil.copytree(tmp_path / "alone" / path.name / "files", tmp_path / "store" / "files", dirs_exist_ok=True)
        new.append(store.counted([(path.name, file_hash(path))]))
    both, real = threading.Barrier(2, timeout=2), Store.held

    def held(self: Store) -> list[Held]:
        found = real(self)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        return found

    monkeypatch.setattr(Store, "held", held)
    with ThreadPoolExecutor(2) as pool:
        assert [*pool.map(lambda one: store.take_in(one, replace=False), new)] == [[], []]
    monkeypatch.undo()
    assert [one.account.name for one in store.held()] == [path.name for path in paths[:2]]


def test_runs_at_once_may_count_the_same_file(files, plan, tmp_path) -> None:
    path, how = files(17)[0], plan()
    store, sha256 = open_store(tmp_path / "store", how.terms), file_hash(path)
    with store.counting(path.name, sha256) as folder:
        one_file.count_file(NamedFile(path, path.name), sha256, how, folder)
        found = count_issues([path], how, tmp_path / "store")
    assert not found.refused
    count_issues([path], how, tmp_path / "whole")
    assert content(tmp_path / "store") == content(tmp_path / "whole")


def test_what_killed_runs_left_behind_goes_after_a_while(files, plan, tmp_path) -> None:
    path, how = files(18)[0], plan()
    count_issues([path], how, tmp_path / "whole")
    old, new = (tmp_path / "store" / "files" / f"{key}.partly-1" for key in ("a", "b"))
    for folder in (old, new):
        (folder / "ids").mkdir(parents=True)
        (folder / "ids" / "00000.arrow").write_bytes(b"1")
    ago = time.time() - 8 * 24 * 3600
    for left in (old / "ids" / "00000.arrow", old / "ids", old):
        os.utime(left, (ago, ago))
    os.utime(new, (ago, ago))
    count_issues([path], how, tmp_path / "store")
    assert (old.exists(), new.exists()) == (False, True)
    shutil.rmtree(new)
    assert content(tmp_path / "store") == content(tmp_path / "whole")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_month_without_a_case_adds_nothing(files, plan, tmp_path, suffix) -> None:
    paths, how = files(15), plan()
    empty = tmp_path / f"empty{suffix}"
    none = pd.read_csv(paths[0], dtype="str").head(0)
    if suffix == ".csv":
        none.to_csv(empty, index=False)
    else:
        none.to_parquet(empty, index=False)
    found = count_issues([*paths, empty], how, tmp_path / "store")
    assert not found.refused
    assert found.cells.equals(count_issues(paths, how, tmp_path / "others").cells)
    assert {source.name: source.rows_in for source in found.sources}[empty.name] == 0


def test_a_poisoned_file_is_named_and_the_others_stand(files, plan, tmp_path) -> None:
    paths, how = files(9), plan()
    paths[1].write_bytes(paths[1].read_bytes()[:-100])
    found = count_issues(paths, how, tmp_path / "store")
    assert [name for name, _ in found.refused] == [paths[1].name]
    assert found.cells.equals(count_issues([paths[0], paths[2]], how, tmp_path / "others").cells)
    with pytest.raises(InputError, match="Parquet"):
        count_issues([paths[1]], how, tmp_path / "alone")


def test_two_files_of_one_name_are_refused(files, plan, tmp_path) -> None:
    paths = files(10)
    (tmp_path / "b").mkdir()
    other = Path(shutil.copy(paths[0], tmp_path / "b"))
    with pytest.raises(InputError, match="都叫"):
        count_issues([paths[0], other], plan(), tmp_path / "store")


def test_a_damaged_store_says_so(files, plan, tmp_path) -> None:
    how = plan()
    count_issues(files(11)[:1], how, tmp_path / "store")
    shutil.rmtree(next((tmp_path / "store" / "files").iterdir()))
    with pytest.raises(InputError, match="已损坏"):
        open_store(tmp_path / "store", how.terms).held()
    (tmp_path / "store" / "store.json").write_text("[]")
    with pytest.raises(InputError, match="已损坏"):
        open_store(tmp_path / "store", how.terms).held()


def test_a_filter_for_what_no_file_has_is_refused(files, plan, tmp_path) -> None:
    paths = files(12)
    with pytest.raises(InputError, match="巡察"):
        count_issues(paths, plan(Filters(source=("巡查", "巡察"))), tmp_path / "store")
    found = count_issues(paths, plan(Filters(source=("巡查",))), tmp_path / "store")
    assert set(found.zones["source"].to_pylist()) == {"巡查"}


def test_a_disk_that_goes_while_a_file_is_read_is_not_said_to_be_the_store(files, plan, tmp_path, monkeypatch) -> None:
    paths, how = files(13), plan()

    def gone(path: Path, *, encoding: str | None, what: str, columns: Picker, rows: int | None) -> Iterator[object]:
        yield from itertools.islice(used_batches(path, encoding=encoding, what=what, columns=columns, rows=rows), 1)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(batches, "used_batches", gone)
    found = count_issues(paths, how, tmp_path / "store", rows=10)
    assert [name for name, _ in found.refused] == [path.name for path in paths if path.suffix == ".csv"]
    assert all("读不到了" in why.zh for _, why in found.refused)
