"""The JSON API keeps to its description, whatever it is asked. `make test-web` runs this."""

import pytest
from hypothesis import HealthCheck, settings

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


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_what_the_description_promises(case):
    case.call_and_validate(headers=BEARER)
