"""Names of figures."""

import pytest

from offtake.results.named import find, full_name

KNOWN = ["who_pays.bank.loss_usd", "who_pays.bank.net_usd", "facilities.loan.el_usd"]


def test_parties_stands_for_who_pays() -> None:
    assert find("parties.bank.loss_usd", KNOWN) == "who_pays.bank.loss_usd"
    assert full_name("facilities.loan.el_usd") == "facilities.loan.el_usd"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("facilites.loan.el_usd", "did you mean facilities"),
        ("facilities.loan.el", r"did you mean facilities\.loan\.el_usd"),
        ("cohorts.x.share_never", "nothing in the table cohorts"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(asked: str, told: str) -> None:
    with pytest.raises(KeyError, match=told):
        find(asked, KNOWN)
