"""A page for every plan: its README, the figures it is held to, and the plan itself."""

import json
from pathlib import Path

from docs.site.blocks import ROOT
from docs.tables import line

PLANS = ROOT / "plans"

INDEX = """# Plans

Real build-outs and made-up ones, each with what it shows and what it cannot. Every page ends with
the figures from outside that the plan is held to, and with the file itself.

| plan | what it is about |
| --- | --- |
"""
HELD = """
## What it is held to

Figures known from outside, or worked out by hand, with the distance allowed; `make test` and `make
test-scenarios` run the plan against them. The same as `plans/{name}/expected.json`.

| figure | value | ± | why |
| --- | ---: | ---: | --- |
"""
FILE = """
## The file

`plans/{name}/plan.yaml`:

```yaml
{text}
```
"""


def names() -> list[str]:
    """Every plan, by folder."""
    return sorted(file.parent.name for file in PLANS.glob("*/plan.yaml"))


def opening(readme: str) -> str:
    """First sentence of a README."""
    paragraph = readme.split("\n\n")[1].replace("\n", " ")
    return paragraph.split(". ")[0].rstrip(".") + "."


def held(name: str) -> str:
    """The figures a plan is held to, as a table."""
    expected = json.loads((PLANS / name / "expected.json").read_text("utf-8"))
    rows = [
        line(f"`{figure}`", str(told["value"]), str(told["tolerance"]), told["why"])
        for figure, told in expected.items()
    ]
    return HELD.format(name=name) + "\n".join(rows) + "\n"


def page(name: str) -> str:
    """The page of one plan, with links as they lead from its folder in `plans/`."""
    readme = (PLANS / name / "README.md").read_text("utf-8").rstrip()
    text = (PLANS / name / "plan.yaml").read_text("utf-8").rstrip()
    return f"{readme}\n{held(name)}{FILE.format(name=name, text=text)}"


def index() -> str:
    """The list of all plans."""
    rows = []
    for name in names():
        readme = (PLANS / name / "README.md").read_text("utf-8")
        title = readme.splitlines()[0].removeprefix("# ")
        rows.append(line(f"[{title}](../{name}/README.md)", opening(readme)))
    tree = "\n".join(["```{toctree}", ":hidden:", "", *names(), "```"])
    return INDEX + "\n".join(rows) + f"\n\n{tree}\n"


def pages() -> dict[Path, tuple[Path, str]]:
    """Place in the site -> (file whose links it has, text)."""
    made = {
        Path("plans", f"{name}.md"): (PLANS / name / "README.md", page(name)) for name in names()
    }
    made[Path("plans", "index.md")] = (PLANS / "index" / "README.md", index())
    return made
