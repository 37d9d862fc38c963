"""URLs to post to, whose last part may be a secret: no message repeats one."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from nector_sim.errors import InputError

#: Seconds that anyone may want to wait for an answer.
LONGEST = 86_400


def split_url(url: str) -> SplitResult:
    """Part a URL that can be posted to."""
    if url.rpartition("/")[2].startswith("…"):
        raise InputError(
            "the URL ends in the last four characters of the webhook id; write the whole id there, as it was shown "
            "when it was made, or make a new one"
        )
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, or brackets that do not close
        usable = False
    if not usable:
        raise InputError("the URL must be a full one that begins with http:// or https:// and names a host")
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise InputError("the URL holds characters that no URL has; was it copied whole, and nothing else?")
    return parts
