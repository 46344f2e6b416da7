"""The JSON API keeps to its description, whatever it is asked. `make test-web` runs this."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.web import servers

pytestmark = pytest.mark.web
schemathesis = pytest.importorskip(
    "schemathesis", reason="needs Schemathesis: run it as `make test-web`"
)
TOKEN = "a token of more than sixteen"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    from offtake.web import desk
    from offtake.web.app import create_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "Child", servers.Here)
        folder = tmp_path_factory.mktemp("data")
        app = create_app(servers.settings(folder, host="0.0.0.0", token=TOKEN))
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=BEARER)


def asked(operation):
    """Ask for all that one operation allows; raises where an answer is not as described."""

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case):
        case.call_and_validate(headers=BEARER)

    ask()


def test_what_the_description_promises(described):
    wrong, operations = {}, [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 15
    for operation in operations:
        try:
            asked(operation)
        except (AssertionError, ExceptionGroup, schemathesis.errors.SchemathesisError) as why:
            wrong[operation.label] = str(why)[:1500]
    assert not wrong, "\n\n".join(f"{label}: {said}" for label, said in wrong.items())
