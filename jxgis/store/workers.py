"""Where files are counted: in this process, or on the workers of a Dask cluster."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis.errors import InputError, JxgisError, MissingPackageError
from jxgis.i18n import Text, text_pair
from jxgis.load.readers import file_hash, readable
from jxgis.store.folder import Store
from jxgis.store.one_file import count_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client

    from jxgis.load.batches import NamedFile
    from jxgis.store.plan import Plan

__all__ = ["LOCAL", "Done", "count_all"]

LOCAL = "local"
"""Instead of an address: a cluster of this machine, for the time of the run."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one file.

    Parameters
    ----------
    file
        The file.
    sha256
        Its hash; empty where it could not be read.
    rows
        Its rows; 0 where they were counted before.
    refused
        Why it could not be counted; None where it was.
    """

    file: NamedFile
    sha256: str
    rows: int = 0
    refused: Text | None = None


def count_all(
    files: Sequence[NamedFile],
    store: Path,
    plan: Plan,
    *,
    rows: int,
    scheduler: str | None = None,
    workers: int | None = None,
    said: Callable[[Text], object] = lambda _: None,
    told: Callable[[int], object] = lambda _: None,
) -> Iterator[Done]:
    """Count files, each as `one_file.count_file` does, into a store; those that it has are not counted again.

    Parameters
    ----------
    files
        The files.
    store
        The folder of the store; workers must see it, and the files, under the same path.
    plan
        What they are counted by.
    rows
        How many are held at a time.
    scheduler
        None for this process; ``"local"`` for a cluster of this machine; else the address of one, ``tcp://host:8786``.
    workers
        How many, of a cluster of this machine; as many as it has cores where not given.
    said
        Called with the address of the dashboard.
    told
        Called with the number of rows read so far of the file at hand; on a cluster not.

    Yields
    ------
    Done
        As they are done; of a worker that is lost the files are counted by another.

    Raises
    ------
    InputError
        If there is no cluster at the address, there are to be no workers, or workers of no cluster.
    MissingPackageError
        If a cluster is asked for and Dask is not installed.
    """
    if workers is not None and workers < 1:
        raise InputError.saying(text_pair("store.no_workers", n=workers))
    if scheduler is None and workers is not None:
        raise InputError.saying(text_pair("store.workers_alone"))
    if scheduler is None:
        for file in files:
            yield _count_one(file, store, plan, rows, told)
        return
    with _client(scheduler, workers) as client:
        from distributed import as_completed

        said(text_pair("store.dashboard", address=client.dashboard_link, n=len(client.scheduler_info()["workers"])))
        futures = {client.submit(_count_one, file, store, plan, rows, pure=False): file for file in files}
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            error = future.exception()
            yield future.result() if error is None else Done(futures[future], "", refused=_lost(error))


def _lost(error: BaseException) -> Text:
    if isinstance(error, JxgisError):
        return error.message
    return text_pair("store.lost", error=f"{type(error).__name__}: {error}".splitlines()[0][:200])


def _count_one(
    file: NamedFile, root: Path, plan: Plan, rows: int, told: Callable[[int], object] = lambda _: None
) -> Done:
    sha256 = ""
    try:
        # Before the hash, which must be that of the rows.
        before = _stamp(file.path)
        with readable(file.path):
            sha256, store = file.sha256 or file_hash(file.path), Store(root, plan.terms)
        if store.known(file.name, sha256):
            return Done(file, sha256)
        with store.counting(file.name, sha256) as folder:
            account = count_file(file, sha256, plan, folder, rows=rows, told=told)
            if _stamp(file.path) != before:
                raise InputError.saying(text_pair("store.changed", file=file.name))
    except InputError as error:
        return Done(file, sha256, refused=error.message)
    return Done(file, sha256, account.rows_in)


def _stamp(path: Path) -> tuple[int, int]:
    """What of a file differs once it was written to."""
    with readable(path):
        now = path.stat()
    return now.st_size, now.st_mtime_ns


# By it workers would give memory back bit by bit, for which the C library maps every large array anew: a quarter of the time.
_GIVES_BACK = "MALLOC_TRIM_THRESHOLD_"


@contextmanager
def _client(scheduler: str, workers: int | None) -> Iterator[Client]:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise MissingPackageError.saying(text_pair("store.no_dask")) from None
    if scheduler == LOCAL:
        # A file is one task, and takes one core.
        key = "distributed.nanny.pre-spawn-environ"
        environment = {name: value for name, value in dask.config.get(key).items() if name != _GIVES_BACK}
        with (
            dask.config.set({key: environment}),
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,  # type: ignore[no-untyped-call]
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout=10)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise InputError.saying(
            text_pair("store.no_cluster", address=scheduler, why=str(error).splitlines()[0])
        ) from None
    with client:
        yield client
