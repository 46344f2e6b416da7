"""Plans come with the package, as they are in `plans/`."""

from offtake.plan.examples import examples
from offtake.plan.readme import cannot_show
from tests.plan_files import FILES, text_of


def test_every_plan_comes_with_the_package_as_it_is():
    assert sorted(examples()) == sorted(FILES)
    for name, found in examples().items():
        assert found.text == text_of(name)
        assert found.cannot_show == cannot_show(FILES[name])
        assert found.title
        assert len(found.summary) > 40
