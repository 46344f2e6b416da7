"""The JSON API keeps to its description, whatever it is asked. `make test-web` runs this."""

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Flaky, Unsatisfiable

from tests.web.servers import BEARER, client, guarded

pytestmark = pytest.mark.web
schemathesis = pytest.importorskip(
    "schemathesis", reason="needs Schemathesis: run it as `make test-web`"
)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        app = client(guarded(tmp_path_factory.mktemp("data")), patch).app
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=BEARER)


def asked(operation, mode):
    """Ask one operation for what it allows, or for what it does not; raises where the answer is
    not as described."""
    checks = pytest.importorskip("schemathesis.specs.openapi.checks")

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        # What a plan must be, a description cannot say: what is valid by it may be refused.
        case.call_and_validate(headers=BEARER, excluded_checks=[checks.positive_data_acceptance])

    ask()


def test_what_the_description_promises(described):
    wrong, unsure, operations = {}, [], [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 25
    for operation, mode in product(operations, schemathesis.GenerationMode):
        try:
            asked(operation, mode)
        except Flaky as why:  # of the tool itself, where it makes up what is wrong
            print(f"{operation.label}: {why}")
            unsure.append(operation.label)
        except (AssertionError, BaseExceptionGroup) as why:
            wrong[f"{operation.label}, {mode.value}"] = str(why)[:1500]
        except Unsatisfiable:
            assert mode is schemathesis.GenerationMode.NEGATIVE  # there is nothing to get wrong
    assert len(unsure) <= 2, unsure
    assert not wrong, "\n\n".join(f"{label}: {said}" for label, said in wrong.items())
