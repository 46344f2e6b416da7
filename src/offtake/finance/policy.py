"""A fitted policy as it stands in the terms of a contract: ten numbers in every period.

    advantage = sum over k < 5 of (p_k + p_{5+k} n) z^k

z says where a price stands against the contract's, n a share that counts too. The contract has the
series in `policy`; where it is left out it is worked out before a run (`run.elections`).
"""

from collections.abc import Sequence
from typing import Any

from offtake.core.contract import Lowerer
from offtake.core.errors import Mistake, mistake_at
from offtake.core.series import Series

POLICY = 10
"""Numbers of a fitted policy in each period."""


def check_policy(terms: Any, field: str, code: str) -> None:
    """Refuse a policy that nothing reads, and one that has not the numbers it needs.

    Args:
        terms: with `policy`.
        field: that says whether a policy is fitted.
        code: of the error.

    Raises:
        Mistakes: at the policy.
    """
    count, chosen = len(terms.policy), getattr(terms, field)
    if count == 0 or (chosen == "fitted" and count == POLICY):
        return
    raise mistake_at(
        Mistake(
            code=code,
            found=f"a policy of {count} numbers with {field}: {chosen}",
            expected=f"{POLICY} numbers over time, with {field}: fitted",
            mend="delete policy, and it is worked out before the run",
        ),
        "policy",
    )


def policy_of(place: str, policy: Sequence[Series], at: Lowerer) -> list[int]:
    """Observations of the numbers of a fitted policy; of zero where there is none.

    Args:
        place: of the policy in the plan.
        policy: its series.
        at: what `lower` may ask.
    """
    if not policy:
        return [at.observe("zero")] * POLICY
    return [at.series_of(number, f"{place}[{i}]") for i, number in enumerate(policy)]
