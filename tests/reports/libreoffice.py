"""LibreOffice headless in a profile of its own that always recalculates what it loads."""

import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needs_libreoffice = pytest.mark.skipif(
    SOFFICE is None,
    reason="LibreOffice is not on this machine (Debian: apt install libreoffice-calc)",
)
SECONDS = 300
"""A start takes some seconds; a workbook of 600 rows and 200 periods is recalculated in ten."""
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
  xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def converted(file: Path, folder: Path, to: str = "xlsx") -> Path:
    """The file as LibreOffice writes it again, every formula worked out anew."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS, "utf-8")
    out = folder / "out"
    assert SOFFICE is not None
    done = subprocess.run(
        [
            SOFFICE,
            f"-env:UserInstallation=file://{profile}",
            *("--headless", "--convert-to", to, "--outdir", str(out), str(file)),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    made = out / f"{file.stem}.{to}"
    assert made.exists(), done.stderr
    return made


def spoiled(file: Path, target: Path) -> int:
    """A copy in which every cached value of a formula is wrong.

    Returns:
        How many values were spoiled.
    """
    count = 0
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.startswith("xl/worksheets/sheet"):
                tree = ElementTree.fromstring(data)
                for cell in tree.iter(f"{MAIN}c"):
                    value = cell.find(f"{MAIN}v")
                    if cell.find(f"{MAIN}f") is not None and value is not None:
                        value.text, count = "-123456.789", count + 1
                        cell.attrib.pop("t", None)
                data = ElementTree.tostring(tree, xml_declaration=True, encoding="UTF-8")
            new.writestr(item, data)
    return count
