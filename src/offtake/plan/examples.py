"""Plans that come with offtake: those of `plans/`, as data of the package."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from offtake.plan.readme import HEADING, said_in, without_marks


@dataclass(frozen=True)
class Example:
    """A plan of the package."""

    id: str
    """Name of its folder."""
    title: str
    text: str
    readme: str

    @property
    def summary(self) -> str:
        """The first paragraph of its README."""
        rest = self.readme.partition("\n")[2].strip()
        return without_marks(rest.split("\n\n", 1)[0])

    @property
    def cannot_show(self) -> list[str]:
        """What its author says it cannot show."""
        return said_in(self.readme, HEADING)


@cache
def examples() -> dict[str, Example]:
    """Every plan of the package by its name."""
    found = dict[str, Example]()
    for folder in sorted(_folder().iterdir()):
        readme = (folder / "README.md").read_text("utf-8")
        title = readme.partition("\n")[0].lstrip("# ").strip()
        text = (folder / "plan.yaml").read_text("utf-8")
        found[folder.name] = Example(folder.name, title, text, readme)
    return found


def _folder() -> Path:
    return Path(str(files("offtake.plan") / "example_plans"))
