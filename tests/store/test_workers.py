"""Files counted on a Dask cluster of real processes: the same store, also where a worker is killed."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from messy_export import export

from jxgis.errors import InputError
from jxgis.i18n import Text
from jxgis.store.counting import count_issues

pytestmark = pytest.mark.slow


@pytest.fixture
def many(tmp_path):
    """Twelve files of 3,000 rows."""
    paths = []
    for number in range(12):
        path = tmp_path / f"2024-{number:02d}.csv"
        export(number, 3_000, ids=50_000).to_csv(path, index=False)
        paths.append(path)
    return paths


def test_a_cluster_gives_what_one_process_gives_and_a_killed_worker_loses_nothing(many, plan, tmp_path) -> None:
    distributed = pytest.importorskip("distributed")
    how = plan()
    many[5].write_bytes(b"PK\3\4 no table")
    alone = count_issues(many, how, tmp_path / "alone")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        first = next(iter(cluster.workers.values())).process.pid
        killed = threading.Event()

        def kill_when_at_work() -> None:
            files = tmp_path / "shared" / "files"
            while not (files.is_dir() and len(list(files.iterdir())) > 2):
                time.sleep(0.01)
            os.kill(first, signal.SIGKILL)
            killed.set()

        killer = threading.Thread(target=kill_when_at_work)
        killer.start()
        said: list[Text] = []
        found = count_issues(many, how, tmp_path / "shared", scheduler=cluster.scheduler_address, said=said.append)
        killer.join()
    assert killed.is_set()
    assert found.cells.equals(alone.cells)
    assert found.zones.equals(alone.zones)
    assert found.sources == alone.sources
    assert [name for name, _ in found.refused] == [name for name, _ in alone.refused] == [many[5].name]
    assert said[0].en.startswith("2 workers; dashboard: http://")


def test_a_cluster_of_this_machine(many, plan, tmp_path) -> None:
    pytest.importorskip("distributed")
    found = count_issues(many[:2], plan(), tmp_path / "a", scheduler="local", workers=1)
    assert found.cells.equals(count_issues(many[:2], plan(), tmp_path / "b").cells)


def test_no_scheduler_at_an_address(many, plan, tmp_path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="连不上"):
        count_issues(many[:1], plan(), tmp_path / "a", scheduler="tcp://127.0.0.1:9")
