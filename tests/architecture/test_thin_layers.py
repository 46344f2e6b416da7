"""Commands and pages show numbers; they do not make them."""

from tests.architecture.source import imported_modules, python_files, short

ARITHMETIC = {"jax", "math", "numpy", "scipy", "statistics"}


def test_commands_and_pages_do_no_arithmetic():
    found = [
        f"{short(path)}:{line} imports {module}"
        for path in python_files("src/offtake/cli", "src/offtake/web")
        for line, module in imported_modules(path)
        if module.split(".")[0] in ARITHMETIC or module == "offtake.finance"
    ]
    assert not found, f"put it in measures/ or results/: {found}"
