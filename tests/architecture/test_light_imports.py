"""Reading, checking and listing do not pay the seconds that importing JAX takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference_data import ROOT

PRINT_LOADED = "import sys; print('\\nloaded:', *sorted({'jax', 'jaxlib'} & set(sys.modules)))"
LIGHT_MODULES = ("offtake", "offtake.plan.schema", "offtake.contracts", "offtake.cli.main")
LIGHT_COMMANDS = {
    "help": ("--help",),
    "contracts": ("contracts",),
    "contracts term_loan": ("contracts", "term_loan"),
    "catalogue": ("catalogue",),
    "catalogue chips": ("catalogue", "chips"),
    "check": ("check", str(ROOT / "plans" / "abilene")),
    "new": ("new", "my-plan"),
}


def loaded_after(code: str, folder: Path) -> str:
    """Which heavy modules are loaded once the code has run in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "JAX"))}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{PRINT_LOADED}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].removeprefix("loaded:").strip()


def need(module: str) -> None:
    path = ROOT.joinpath("src", *module.split("."))
    if not (path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()):
        pytest.skip(f"there is no {module} yet")


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_import_leaves_jax_alone(module: str, tmp_path: Path):
    need(module)
    assert loaded_after(f"import {module}", tmp_path) == ""


@pytest.mark.parametrize("command", LIGHT_COMMANDS.values(), ids=LIGHT_COMMANDS)
def test_command_leaves_jax_alone(command: tuple[str, ...], tmp_path: Path):
    need("offtake.cli.main")
    code = (
        f"import sys; sys.argv = ['offtake', *{command!r}]\n"
        "from offtake.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code"
    )
    assert loaded_after(code, tmp_path) == ""
