"""The encoding of a text file, by evidence: UTF-8 where it is valid, marks at its start, else what its letters say."""

from __future__ import annotations

import codecs
import re

from nector_sim.errors import InputError
from nector_sim.frames.sheets import SAVE_AS_UTF8

#: What spreadsheets save in India, Europe, the Americas (Windows-1252) and Japan (Shift-JIS); these are found
#: without help.
_COMMON = ["cp932", "cp1252"]
_NAMES = {"cp932": "Shift-JIS (cp932)", "cp1252": "Windows-1252 (cp1252)", "utf-16": "UTF-16"}
_OTHERS = [*_COMMON, "cp1250", "cp1251", "cp1253", "cp1254", "cp1256", "gb18030", "big5", "euc_jp", "euc_kr", "cp874"]
_SAMPLE = 1 << 16


def is_utf16(head: bytes) -> str | None:
    """The kind of UTF-16 that the start of a file is in, by its mark or by its zeros; else None."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = head[:512]
    if len(start) < 4 or b"\x00" not in start:
        return None
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > len(start) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(start) // 4 and not odd else None


def to_utf8(data: bytes, encoding: str | None, name: str) -> tuple[bytes, str]:
    """Text in any encoding as UTF-8."""
    found = encoding or is_utf16(data) or _evident(data, name)
    try:
        text = data.decode(found)
    except (UnicodeError, LookupError):
        said = "as was said" if encoding else "as its letters suggest"
        raise InputError(
            f"{name} is not in the encoding UTF-8, nor in {found}, {said}; name the right one (encoding=, --encoding), "
            f"or save it as {SAVE_AS_UTF8}"
        ) from None
    why = "as was said" if encoding else "by evidence: it is not valid UTF-8"
    shown = _NAMES.get(found.partition("-le")[0].partition("-be")[0], found)
    return text.removeprefix("\ufeff").encode("utf-8", "surrogatepass"), f"text is read as {shown}, {why}"


def check_encoding(encoding: str | None) -> None:
    """Refuse an encoding that Python does not know, or that is none of text."""
    try:
        is_text = encoding is None or codecs.lookup(encoding)._is_text_encoding
    except (LookupError, ValueError):
        is_text = False
    if not is_text:
        raise InputError(f"encoding={encoding!r} is not known; write one such as utf-8, cp1252, shift_jis or utf-16")


def _evident(data: bytes, name: str) -> str:
    from charset_normalizer import from_bytes  # takes a while to load

    sample = _telling(data)
    best = from_bytes(sample, cp_isolation=_COMMON).best()
    if best is not None:
        return best.encoding
    other = from_bytes(sample, cp_isolation=_OTHERS).best()
    like = f"; it looks like {other.encoding}" if other is not None else ""
    raise InputError(
        f"{name} is not in the encoding UTF-8{like}; name its encoding (encoding=, --encoding), or save it as "
        f"{SAVE_AS_UTF8}"
    )


def _telling(data: bytes) -> bytes:
    """The lines that have letters beyond ASCII, which tell an encoding."""
    found, size = [], 0
    for match in re.finditer(rb"[^\r\n]*[\x80-\xff][^\r\n]*", data):
        found.append(match[0])
        size += len(match[0])
        if size > _SAMPLE:
            break
    return b"\n".join(found)[: 2 * _SAMPLE]
