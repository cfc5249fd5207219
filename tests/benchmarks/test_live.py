"""The benchmark of a running day, at the size of a village."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import live


@pytest.mark.slow
def test_a_small_day_is_measured_and_the_checker_finds_nothing(tmp_path, monkeypatch):
    out, day = tmp_path / "out.json", tmp_path / "day.pickle"
    arguments = ["--workers", "14", "--orders", "40", "--events", "40", "--nodes", "400",
                 "--day", str(day), "--check", "--json", str(out)]
    for _ in range(2):  # made, and taken from the file
        monkeypatch.setattr(sys, "argv", ["live", *arguments])
        with pytest.raises(SystemExit) as ended:
            live.main()
        assert not ended.value.code
        found = json.loads(out.read_text())
        assert found["alarms"] > 0
        assert 0 < found["alarm_p50_ms"] <= found["alarm_p99_ms"]
        assert found["alarm_p50_ms"] <= found["alarm_applied_p50_ms"]
        assert set(live.COLUMNS) <= set(found)
        assert sum(found["statuses"].values()) == found["events"] == 40
