"""What is vendored is what was published."""

import hashlib
from importlib.resources import files

VENDOR = files("offtake.reports.html") / "vendor"


def test_the_charts_library_is_unchanged():
    found = hashlib.sha256((VENDOR / "echarts.min.js").read_bytes()).hexdigest()
    assert found in (VENDOR / "README.md").read_text("utf-8")


def test_its_licence_goes_with_it():
    assert "Apache License" in (VENDOR / "LICENSE").read_text("utf-8")
    assert "Apache ECharts" in (VENDOR / "NOTICE").read_text("utf-8")
