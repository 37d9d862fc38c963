"""What may be said of orders in a message or a file of rejects: never who a person is."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What is shown in the place of something that could tell who a person is.
MASKED = "(masked)"
#: Columns that tell who a person is.
PERSONAL = frozenset({"customer_id", "email", "phone"})
#: A customer id that is a phone: an Indian mobile number, with or without its country code, any with a plus, one in
#: three groups, or one that a spreadsheet turned into a number with a point.
PHONE_ID = (
    r"^\s*'?(?:\+[0-9][0-9 ().-]{6,18}|(?:0|91|0091)?[ .-]?[6-9][0-9]{4}[ .-]?[0-9]{5}(?:\.0)?"
    r"|\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}|[0-9]\.[0-9]{3,}[eE]\+?[0-9]+)\s*$"
)

#: A time, whose digits are nobody's phone.
_TIME = re.compile(
    r"(?:(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d)"
    r"(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?: ?(?:Z|UTC|GMT|[AaPp][Mm]|[+-]\d{2}:?\d{2}))?"
)
#: An e-mail address, or ten digits in a row.
_SECRET = re.compile(r"@|[0-9](?:[\s().+-]*[0-9]){9}")
#: Words that belong to amounts and times; any other may be a name.
_WORDS = {"rs", "inr", "usd", "eur", "gbp", "aed", "am", "pm", "utc", "gmt", "t", "z", "e", "nan", "none", "null"}
_LONGEST = 40


def shown(value: object) -> str:
    """A field's text for a message: what could tell who a person is does not appear in it."""
    text = "" if value is None else " ".join(str(value).split())
    if _TIME.fullmatch(text):
        return text
    if _SECRET.search(text):
        return MASKED
    text = re.sub(r"[^\W\d_]+", lambda word: word[0] if word[0].lower() in _WORDS else "…", text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def shown_word(value: str) -> str:
    """A status or a way of paying for a message, unless it is too long for one, or could tell who a person is."""
    text = " ".join(value.split())
    return MASKED if _SECRET.search(text) or len(text) > _LONGEST else text


def shown_id(value: str | None) -> str:
    """An order's id for a message, unless it could tell who a person is."""
    text = value or ""
    return MASKED if "@" in text or re.match(PHONE_ID, text) or len(text) > 2 * _LONGEST else text


def shown_names(names: Iterable[object]) -> str:
    """A table's columns for a message, unless its first row is no header and could tell who a person is."""
    texts = [str(name) for name in names]
    if any(_SECRET.search(text) for text in texts):
        return f"{len(texts)} whose names look like data; is the header in the first row?"
    return ", ".join(texts) or "none"
