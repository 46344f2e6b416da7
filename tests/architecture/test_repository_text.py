"""The repository speaks of offtake, not of the machine it was written on."""

import re

from tests.architecture.source import kept_files, short

HOME = r"(?:root|home/[a-z]\w*|Users/\w+|work|opt|private|mnt)"
PRIVATE_PATH = re.compile(rf"(?<![\w.~$}}/-])/{HOME}/[\w.-]+")
TEMPORARY_PATH = re.compile(r"(?<![\w.~$}/-])/(?:tmp|var/folders)/[\w.-]+")
SECRET = re.compile(r"ghp_[A-Za-z0-9]{30}|AKIA[A-Z0-9]{16}|BEGIN [A-Z ]*PRIVATE KEY")


def test_patterns_find_what_they_should():
    assert PRIVATE_PATH.search("see /" + "home/ada/plan.yaml")
    assert PRIVATE_PATH.search("'/" + "opt/wheels'")
    assert not PRIVATE_PATH.search("tests/" + "home/ada and https://example.org/" + "home/ada")
    assert TEMPORARY_PATH.search("/" + "tmp/x")


def test_no_private_path_and_no_secret():
    found: list[str] = []
    for path in kept_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if any(p.search(line) for p in (PRIVATE_PATH, TEMPORARY_PATH, SECRET)):
                found.append(f"{short(path)}:{number}: {line.strip()[:80]}")
    assert not found, found
