"""The plan that `offtake new` writes."""

from importlib.resources import files
from pathlib import Path


def template() -> str:
    """Text of the plan."""
    return (files("offtake.plan") / "template.yaml").read_text(encoding="utf-8")


def write_template(folder: Path) -> Path:
    """Write the plan into a folder, which is made if needed.

    Returns:
        The file written.

    Raises:
        FileExistsError: the folder already holds a plan; nothing is changed.
    """
    target = folder / "plan.yaml"
    if target.exists() or folder.is_file():
        taken = target if target.exists() else folder
        message = f"{taken} exists already; name another folder, for example {folder}-2"
        raise FileExistsError(message)
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text(template(), encoding="utf-8")
    return target
