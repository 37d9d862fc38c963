"""URLs as they are shown and stored: without passwords, and without queries, which may be signatures."""

from __future__ import annotations

import re

#: The password of ``scheme://user:password@host``; and what is before the host alone in a URL of the web: a token.
_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*:/{1,2}[^\s/:@]*):\S*@", re.IGNORECASE)
_TOKEN = re.compile(r"(\bhttps?:/{1,2})[^\s/:@]+@", re.IGNORECASE)
#: A query. A mark without a name and a value behind it is a pattern's, for any letter.
_QUERY = re.compile(r"\?[\w.~%$-]+=[^\s'\"]*")


def masked(text: object) -> str:
    """Give a text with the secrets of every URL in it masked."""
    text = _TOKEN.sub(r"\1***@", _PASSWORD.sub(r"\1:***@", str(text)))
    return _QUERY.sub("?***", text)


def without_query(url: str) -> str:
    """Give a URL up to its query."""
    return _QUERY.split(url, maxsplit=1)[0]
