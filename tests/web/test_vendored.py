"""What is vendored is what was published."""

import hashlib
from importlib.resources import files

VENDOR = files("offtake.web") / "vendor"


def test_htmx_is_unchanged():
    found = hashlib.sha256((VENDOR / "htmx.min.js").read_bytes()).hexdigest()
    assert found in (VENDOR / "README.md").read_text("utf-8")


def test_its_licence_goes_with_it():
    assert "Zero-Clause BSD" in (VENDOR / "LICENSE").read_text("utf-8")
