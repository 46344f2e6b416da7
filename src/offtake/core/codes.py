"""Every kind of problem that reading a plan can find: its short name and what it means.

The names are stable: tests, documentation and other programs may rely on them. An instrument's own
rules have names of their own, kept in its file.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    # the file
    "file-missing": "there is no plan file at the path given",
    "file-unreadable": "the plan file exists and cannot be read",
    "file-large": "the plan file is too large to be a plan",
    "file-not-text": "the plan file is not text in UTF-8",
    "file-empty": "the plan file holds nothing",
    "yaml-syntax": "the text is not YAML",
    "yaml-feature": "an anchor, an alias, a tag or a second document",
    "too-deep": "too many levels inside one another",
    "key-form": "a mapping or list where a key should stand",
    # keys, names and choices
    "key-twice": "a key or a date that is written twice",
    "key-unknown": "a key that does not exist here",
    "key-missing": "a key that must be written and is not",
    "name-form": "a text that cannot be a name",
    "name-unknown": "a name that leads nowhere",
    "name-twice": "a name that stands twice where each may stand once",
    "phase-unknown": "a phase that the site does not have",
    "cohort-replaced": "a cohort that replaces one that it cannot, or that another replaces too",
    "paid-twice": "something that two contracts pay for",
    "pledged-twice": "a loan or an asset that two security agreements name",
    "secures-no-loan": "a security agreement for something that is no loan",
    "loan-needed": "a guarantee of debt or a swap for something that is no loan",
    "note-behind": "a compute note behind what is no note of its site, or in a circle",
    "note-substitute": "a substitute that is a note's own site, or no site of its issuer",
    "prepaid-by": "a loan prepaid by something that does not repay it",
    "site-not-whole": "a site that is pledged without the chips in it",
    "depth-missing": "a fire sale on a market whose size is not known",
    "kind-unknown": "a kind of contract or process that does not exist",
    "choice-unknown": "a word that is not one of the choices",
    # values
    "value-missing": "nothing stands where a value should",
    "value-form": "a text, list or mapping where another of them should stand",
    "value-short": "a list or text with too few entries",
    "value-long": "a list or text with too many entries",
    "number-form": "a text that cannot be read as a number",
    "unit-missing": "a number without a unit where one is needed",
    "unit-unknown": "a unit that does not exist in this field",
    "unit-form": "units joined in a way that cannot be read",
    "unit-wrong": "a unit that does not convert to the one of the field",
    "interval-order": "numbers in the wrong order",
    "distribution-form": "a distribution that cannot be read",
    "rate-form": "an interest rate that cannot be read",
    "date-form": "a text that cannot be read as a date",
    "source-form": "a source that is not right",
    "out-of-range": "a number below the least or above the greatest value of its field",
    # drivers
    "formula-form": "a formula that cannot be read",
    "formula-units": "a formula that joins unlike things",
    "driver-circle": "drivers that need one another",
    "correlation-form": "correlations that cannot be",
    "chip-power-unknown": "a chip of which the catalogue lacks a quantity that a plan needs",
    # the market
    "segment-form": "a segment of demand that is neither of tokens nor of compute, or not whole",
    "market-priority": "an order of segments that does not name each of them once",
    # learning and readings
    "threshold-form": "a threshold that states both or neither of above and below",
    "counted-twice": "a factor of learning that would count twice",
    # the plan as a whole
    "plan-start": "a plan that does not start on the first of a month",
    "plan-horizon": "a horizon that is not a whole number of periods up to 40 years",
    "horizon-short": "a contract that outlives the plan without a terminal value",
    "account-owner": "an account without a fitting owner, or an owner of something else",
    "party-cash": "cash of an external party",
    "party-credit": "credit of a party that is not external",
    "party-twice": "a contract of a party with itself",
    "credit-form": "credit that states both or neither of rating and hazard rate",
    "contract-self": "a contract that names itself",
    "support-circle": "supports that protect one another",
    # choices of a buyer
    "reserve-missing": "a plan without a buyer's choices where they are asked for",
    "purchase-form": "a purchase that does not count what the buyer needs",
    "choice-form": "choices that change more than certain numbers, or too many of them",
    # structuring
    "sizing-missing": "a sized amount without the limits that size it",
    "schedule-missing": "a sculpted loan with an amount and without a schedule",
    "schedule-unused": "a schedule of a loan that is not sculpted",
    "case-form": "a case that changes more than numbers",
    "stack-issuer": "capital stacks are compared and it is not clear whose",
    "sizing-open": "a structure that did not settle",
    "sizing-unfunded": "a sized structure that leaves capital cost unpaid",
    # changes
    "override-form": "a change that is not place=value",
    "override-place": "a change of a place that does not exist",
    "diff-form": "changes that are not a mapping",
    "edit-place": "a place of a form that cannot be written in the text",
    "edit-value": "a value of a form that would change more than its place",
    # warnings
    "role-missing": "an external party without a role",
    "credit-missing": "financing that rests on an external payer which never fails",
    "party-unused": "a party that no contract names",
    "date-outside": "a date before or after the plan",
    "series-late": "a dated map that begins after the plan",
    "chips-power": "more chips at a site than it has power for",
    "nothing-repaid": "a loan to be repaid in parts that pays interest only until its end",
    # where futures are drawn from
    "tilt-name": "something to tilt that the plan does not have",
    "tilt-driver": "a driver without shocks of its own",
    "tilt-certain": "a number that is not uncertain",
    "tilt-credit": "a party whose default has no hazard rate",
    "tilt-hazard": "a hazard rate that is known only once the market clears",
    "tilt-month": "a month outside the plan",
    "tilt-twice": "something that is tilted twice in one way",
    "tilt-auto": "a figure for which no tilt can be looked for",
}
"""Code -> what is wrong."""
