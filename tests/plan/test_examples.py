"""Plans come with the package, as they are in `plans/`."""

from offtake.plan.examples import examples
from offtake.plan.readme import cannot_show
from tests.reference_data import ROOT


def test_every_plan_comes_with_the_package_as_it_is():
    folders = {path.parent.name: path.parent for path in (ROOT / "plans").glob("*/plan.yaml")}
    assert sorted(examples()) == sorted(folders)
    for name, found in examples().items():
        assert found.text == (folders[name] / "plan.yaml").read_text("utf-8")
        assert found.cannot_show == cannot_show(folders[name] / "plan.yaml")
        assert found.title
        assert len(found.summary) > 40
