"""Issues as a platform exports them, with every flaw that a row can have."""

from __future__ import annotations

import numpy as np
import pandas as pd

WEST, SOUTH = 572_000.0, 3_402_000.0


def export(seed: int, rows: int, *, ids: int) -> pd.DataFrame:
    """Rows as a platform exports them: some flawed, some outside, many that share an id with another."""
    rng = np.random.default_rng(seed)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60 * 24 * 90, rows), unit="min")
    table = pd.DataFrame(
        {
            "任务号": [f"A{number:04d}" for number in rng.integers(0, ids, rows)],
            "上报时间": time.strftime("%Y-%m-%d %H:%M:%S"),
            "问题类型": rng.choice(["事件", "部件"], rows),
            "小类": rng.choice(["小广告", "上水井盖", "飞线"], rows),
            "处置部门": rng.choice(["城管", "住建", ""], rows),
            "问题来源": rng.choice(["巡查", "12345"], rows),
            "状态": rng.choice(["结案", "作废"], rows, p=[0.9, 0.1]),
            "Y坐标": (WEST + rng.uniform(-50, 2050, rows).round(0)).astype(str),
            "X坐标": (SOUTH + rng.uniform(-50, 2050, rows).round(0)).astype(str),
        }
    )
    again = rng.random(rows) < 0.3
    columns = ["任务号", "上报时间", "X坐标", "Y坐标"]
    table.loc[again, columns] = table[columns].sample(int(again.sum()), replace=True, random_state=seed).to_numpy()
    for column, wrong in (("任务号", ""), ("上报时间", "昨天"), ("X坐标", ""), ("Y坐标", "120度"), ("X坐标", "0")):
        table.loc[rng.random(rows) < 0.02, column] = wrong
    return table
