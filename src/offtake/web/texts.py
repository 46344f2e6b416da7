"""Texts of plans as requests bring them: how large they may be, what they may hold."""

from offtake.web.problems import Refused
from offtake.web.settings import Limits

UNNAMED = "Plan without a name"
LONGEST_NAME = 200


def fitting(text: str, limits: Limits) -> str:
    """A text that is not too large, with the ends of lines that plans have.

    Raises:
        Refused: it is too large, or holds what no text holds.
    """
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Refused(422, "the plan holds signs that no text holds; save it as UTF-8")
    if len(text.encode("utf-8")) > limits.text_bytes:
        raise Refused(413, f"the plan is larger than {limits.text_bytes:,} bytes")
    return text.replace("\r\n", "\n")


def keepable(text: str, limits: Limits) -> str:
    """The text of a plan as it is kept.

    Raises:
        Refused: it is empty, too large, or holds what no text holds.
    """
    if not text.strip():
        raise Refused(422, "the plan is empty; write its YAML")
    return fitting(text, limits)


def titled(name: str) -> str:
    """What a plan is called that somebody named so."""
    return name.strip()[:LONGEST_NAME] or UNNAMED
