"""Plans as forms: everything that is written is there, and written as it stands changes nothing."""

import pytest

from offtake.core.errors import PlanErrors
from offtake.plan import source
from offtake.plan.edit import changed
from offtake.plan.form import Field, fields_of, kinds, new_contract, outline, places
from offtake.plan.load import check_text
from offtake.plan.tree import plain
from tests.plan_files import text_of

ONE_HALL = text_of("one-hall")


def every(text: str) -> dict[str, Field]:
    found = dict[str, Field]()

    def take(parts):
        for part in parts:
            found[part.place] = part
            take(part.parts)

    for _, _, items in outline(text).sections:
        for item in items:
            take(fields_of(text, item.place))
    return found


@pytest.mark.parametrize("name", ["one-hall", "circular", "gpu-loans", "sovereign"])
def test_every_number_of_a_plan_has_its_field(name: str):
    text = text_of(name)
    plan = check_text(text).plan
    assert plan is not None
    found = every(text)
    known = set(found)
    written = {key for key, _, _ in outline(text).sections}
    for place, number in plan.numbers():
        if place.split(".")[0] not in written:
            continue  # a default of a section that is left out
        above = [p for p in known if place == p or place.startswith((f"{p}.", f"{p}["))]
        assert above, place
        shown = found.get(place)
        if shown is not None and shown.written is not None and shown.control == "number":
            said = " ".join(shown.written.split())
            assert said in (str(number), number.text) or number.text == "", place


def test_a_form_written_as_it_stands_says_the_same():
    """Form to text to form is the identity, field by field."""
    text = ONE_HALL
    before = every(text)
    tree = plain(source.parse(text, "x")[0])
    written = [f for f in before.values() if f.written is not None and f.line is not None]
    assert len(written) > 50
    for part in written[::25]:
        again = changed(text, part.place, part.written)
        assert _squeezed(plain(source.parse(again, "x")[0])) == _squeezed(tree), part.place
        assert {p: f.written for p, f in every(again).items()} == {
            p: f.written for p, f in before.items()
        }


def _squeezed(value):
    if isinstance(value, dict):
        return {k: _squeezed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_squeezed(v) for v in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def test_a_field_tells_unit_line_source_and_spread():
    price = every(ONE_HALL)["chips.b200_2026.price"]
    assert price.control == "number"
    assert (price.unit, price.written) == ("USD/GPU", "42k to 50k USD")
    assert ONE_HALL.splitlines()[price.line - 1].strip() == "price:"
    assert price.source is not None
    assert price.source["confidence"] == "assumption"
    assert price.spread.startswith("uncertain")
    seller = every(ONE_HALL)["contracts.order.seller"]
    assert seller.control == "name"
    assert "vendor" in seller.choices
    fee = every(ONE_HALL)["contracts.loan.amortisation"]
    assert fee.control == "choice"
    assert "annuity" in fee.choices


def test_what_is_wrong_is_shown_too():
    text = ONE_HALL.replace("power: 15 MW", "power: 15 bananas").replace("role: lender", "rolle: x")
    found = every(text)
    assert found["sites.hall.phases[0].power"].written == "15 bananas"
    assert found["parties.bank.rolle"].written == "x"
    wrong = {p.place for p in check_text(text).problems if p.severity == "error"}
    assert wrong <= set(found)


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_contract_of_every_kind_can_be_added(kind: str):
    """What is added reads as YAML, keeps the rest, and lacks no field that must be written."""
    text = new_contract(ONE_HALL, kind, "added")
    before, after = plain(source.parse(ONE_HALL, "x")[0]), plain(source.parse(text, "x")[0])
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    added = after["contracts"].pop("added")
    assert after == before
    assert added["kind"] == kind
    about = {p.code for p in check_text(text).problems if p.place == "contracts.added"}
    assert "kind-unknown" not in about
    missing = [p for p in check_text(text).problems if p.code == "key-missing"]
    assert not [p for p in missing if p.place.startswith("contracts.added.")], missing
    assert list(places(fields_of(text, "contracts.added")))


def test_a_text_that_is_no_yaml_is_told():
    with pytest.raises(PlanErrors):
        outline("a: b: c")
