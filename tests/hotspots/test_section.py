"""The section of hot spots: what its first numbers say."""

import numpy as np
import pandas as pd
import pytest

from jxgis.hotspots.section import hotspot_section
from jxgis.settings import HotspotSettings


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([0.5, 0.25], "占问题数 75.0 %"),
        ([0.5, 0.25, np.nan], "占问题数 75.0 %（另有 1 个地段件数太少，不显示，未计入）"),
        ([np.nan, np.nan], "占问题数 —"),
    ],
)
def test_one_share_that_is_not_shown_does_not_take_the_others_along(shares: list[float], said: str) -> None:
    places = pd.DataFrame(
        {"issue_class": "all", "rank": range(1, len(shares) + 1), "share_area": 0.1, "share_issues": shares}
    )
    places = places.assign(name="甲", issues=30, district="甲", subdistrict="甲", street="甲")
    key = next(
        key for key in hotspot_section({"places": places}, HotspotSettings(), lang="zh").keys if key.label == "热点地段"
    )
    assert key.note.endswith(said)
