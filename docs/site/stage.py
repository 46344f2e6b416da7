"""Puts the pages of the site together in one folder, from which Sphinx builds it.

    python -m docs.site.stage build/docs-source

Pages written by hand are copied from `docs/`, with links that leave the folder turned to where the
site has what they lead to. Pages about plans, and the reference, are made here from plans and code,
and are kept nowhere else.
"""

import re
import sys
from pathlib import Path

from docs.site import plans, reference
from docs.site.blocks import ROOT

DOCS = ROOT / "docs"
LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s#]+)(#[^)\s]*)?\)")
OUTSIDE = ("http://", "https://", "mailto:")
MORE = "<!-- pages that no list above names -->"
FOLDERS = {
    "contracts/README.md": "contracts",
    "decisions/README.md": "decisions",
    "measures.md": "measures",
    "notebooks/README.md": "notebooks",
}
"""Page -> folder whose pages stand below it."""
KINDS = ("*.md", "*.png", "*.json", "*.ipynb", "*.svg")
ROOT_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def place_of(source: Path) -> Path | None:
    """Where the site has a file of the repository; None if it does not have it."""
    inside = source.relative_to(ROOT)
    if inside.as_posix() in ROOT_PAGES:
        return Path(ROOT_PAGES[inside.as_posix()])
    if inside.parts[0] == "plans" and inside.name == "README.md":
        return Path("plans", f"{inside.parts[1]}.md")
    if inside.parts[0] == "docs" and any(source.match(kind) for kind in KINDS):
        return source.relative_to(DOCS)
    return None


def turned(text: str, source: Path, place: Path) -> str:
    """A page with its links as they lead from its place in the site."""

    def link(found: re.Match[str]) -> str:
        said, target, anchor = found[1], found[2], found[3] or ""
        if target.startswith(OUTSIDE):
            return found[0]
        to = place_of((source.parent / target).resolve())
        if to is None:
            return f"{said[1:-1]} (`{(source.parent / target).resolve().relative_to(ROOT)}`)"
        up = "../" * (len(place.parts) - 1)
        return f"{said}({up}{to.as_posix()}{anchor})"

    return LINK.sub(link, text)


def by_hand() -> dict[Path, Path]:
    """Place in the site -> file, of all that is not made here."""
    found = {Path(to): ROOT / name for name, to in ROOT_PAGES.items()}
    for kind in KINDS:
        for file in sorted(DOCS.rglob(kind)):
            inside = file.relative_to(DOCS)
            if inside.parts[0] not in {"site", "backtest", "calibration"}:
                found[inside] = file
    return found


def unlisted(pages: list[Path], index: str) -> list[str]:
    """Pages at the top of `docs/` that the index does not name."""
    named = set(re.findall(r"^(?:.*<)?([\w/-]+)>?$", index, re.MULTILINE))
    top = [page.stem for page in pages if len(page.parts) == 1 and page.suffix == ".md"]
    return [name for name in sorted(top) if name not in named | {"index"}]


def made() -> dict[Path, str]:
    """Place in the site -> text, of every page made from plans and code."""
    pages = plans.pages() | reference.pages()
    return {place: turned(text, source, place) for place, (source, text) in pages.items()}


def stage(folder: Path) -> None:
    """Write everything into a folder; what else is in it goes, but for what Sphinx keeps there."""
    files = by_hand()
    texts = {
        place: turned(file.read_text("utf-8"), file, place)
        for place, file in files.items()
        if file.suffix == ".md"
    }
    texts |= made()
    index = texts[Path("index.md")]
    more = unlisted(list(texts), index)
    for page, below in FOLDERS.items():
        texts[Path(page)] += _tree(Path(page), below)
    texts[Path("index.md")] = index.replace(MORE, "\n".join(more))
    wanted = {folder / place for place in files} | {folder / place for place in texts}
    for old in folder.rglob("*"):
        if old.is_file() and old not in wanted:
            old.unlink()
    for place, file in files.items():
        if place not in texts:
            _keep(folder / place, file.read_bytes())
    for place, text in texts.items():
        _keep(folder / place, text.encode("utf-8"))


def _tree(page: Path, folder: str) -> str:
    """A hidden list of the pages of a folder, for the one above them."""
    start = "" if page.parent.name == folder else f"{folder}/"
    return "\n".join(["", "```{toctree}", ":hidden:", ":glob:", "", f"{start}*", "```", ""])


def _keep(path: Path, content: bytes) -> None:
    """Write what is new: an unchanged page keeps its date, and Sphinx leaves it alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if target.name != "docs-source":  # a folder of another name is never emptied
        sys.exit("the folder must be called docs-source")
    stage(target)
