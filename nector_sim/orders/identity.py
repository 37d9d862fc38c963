"""Who a customer is, without saying who they are.

A customer is known by the phone, as Indian checkouts know people, else by the e-mail address. Both leave this module as
keyed hashes only: without the key file nobody can tell a phone from its hash, and with it the same person has the same
hash in every file.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nector_sim.errors import InputError

#: What is shown in the place of something that could tell who a person is.
MASKED = "(masked)"

#: Columns that tell who a person is.
PERSONAL = frozenset({"customer_id", "email", "phone"})

_KEY_BYTES = 32
_PERSONAL = re.compile(r"@|[0-9](?:[\s().+-]*[0-9]){9}")
_WORDS_OF_NUMBERS = {"rs", "inr", "usd", "eur", "gbp", "aed", "am", "pm", "utc", "gmt", "t", "z", "e", "nan", "none", "null"}
#: A customer id that is a phone: an Indian mobile number, with or without its country code, or any with a plus.
_PHONE_ID = r"^\s*'?(?:\+[0-9][0-9 ().-]{6,18}|(?:0|91)?[ -]?[6-9][0-9]{4}[ -]?[0-9]{5})\s*$"


@dataclass(frozen=True, slots=True)
class Known:
    """How the customers of some orders are known.

    Attributes
    ----------
    by_id, by_phone, by_email, by_nothing : int
        Orders by what their customer was known by.
    hashed_ids : int
        Customer ids that look like a phone or an e-mail address, and were hashed.
    spoiled_phones : int
        Phones that a spreadsheet turned into 9.19877E+11.
    conflicts : int
        Phones with several e-mail addresses, and e-mail addresses with several phones, or with one and without.
    """

    by_id: int = 0
    by_phone: int = 0
    by_email: int = 0
    by_nothing: int = 0
    hashed_ids: int = 0
    spoiled_phones: int = 0
    conflicts: int = 0


def as_text(values: pl.Series) -> pl.Series:
    """A column as trimmed text, whole numbers without a point, nothing as null."""
    if values.dtype.is_float():
        whole = pl.col("v").cast(pl.Int64, strict=False)
        text = pl.when(pl.col("v") == whole).then(whole.cast(pl.String)).otherwise(pl.col("v").cast(pl.String))
        values = values.to_frame("v").select(text).to_series()
    text = pl.col("v").cast(pl.String).str.strip_chars()
    return values.to_frame("v").select(pl.when(text != "").then(text)).to_series()


def add_people(orders: pl.DataFrame, phones: list[str]) -> pl.DataFrame:
    """Add ``who_phone`` and ``who_email``: the last ten digits, and the address in lower case; none where there is none.

    Parameters
    ----------
    orders : polars.DataFrame, shape (n, any)
        With the columns named in `phones`, and perhaps ``email`` and ``customer_id``.
    phones : list of str
        Columns of phones, the first to be believed first.
    """
    digits = [_last_ten(pl.col(name)) for name in phones]
    emails = [pl.col("email")] if "email" in orders.columns else []
    if "customer_id" in orders.columns:  # where ids are phones or addresses, they are how a person is known
        given = pl.col("customer_id")
        digits.insert(0, pl.when(given.str.contains(_PHONE_ID)).then(_last_ten(given)))
        emails.insert(0, given)
    addresses = [pl.when(email.str.contains(r"^[^@\s]+@[^@\s]+$")).then(email.str.to_lowercase()) for email in emails]
    return orders.with_columns(
        who_phone=pl.coalesce(digits) if digits else pl.lit(None, pl.String),
        who_email=pl.coalesce(addresses) if addresses else pl.lit(None, pl.String),
    )


def _last_ten(phone: pl.Expr) -> pl.Expr:
    digits = phone.str.replace(r"\.0$", "").str.replace_all(r"[^0-9]", "").str.tail(10)
    junk = digits.str.contains(r"^(?:0{10}|1{10}|2{10}|3{10}|4{10}|5{10}|6{10}|7{10}|8{10}|9{10}|1234567890)$")
    is_phone = (digits.str.len_chars() == 10) & ~junk & ~phone.str.contains(r"[A-Za-z]")
    return pl.when(is_phone).then(digits)


def name_customers(orders: pl.DataFrame, phones: list[str], key_file: Path) -> tuple[pl.DataFrame, Known]:
    """Add ``customer``: the id as it stands, else the hash of phone or e-mail address.

    Parameters
    ----------
    orders : polars.DataFrame, shape (n, any)
        From :func:`add_people`; perhaps with ``customer_id``.
    phones : list of str
        Columns of phones.
    key_file : pathlib.Path
        Made if there is none and something must be hashed.

    Returns
    -------
    orders : polars.DataFrame
    known : Known
    """
    given = pl.col("customer_id") if "customer_id" in orders.columns else pl.lit(None, pl.String)
    personal = given.str.contains("@") | given.str.contains(_PHONE_ID)
    phone_id = _last_ten(given).fill_null(given)
    orders = orders.with_columns(
        kept=pl.when(~personal).then(given),
        secret=pl.when(personal & given.str.contains("@"))
        .then("email:" + given.str.to_lowercase())
        .when(personal)
        .then("phone:" + phone_id)
        .when(given.is_not_null())
        .then(None)
        .otherwise(pl.coalesce("phone:" + pl.col("who_phone"), "email:" + pl.col("who_email"))),
    )
    secret = orders["secret"].drop_nulls().unique()
    if len(secret):
        key = load_key(key_file)
        hashes = [hash_of(text, key) for text in secret.to_list()]
        named = pl.DataFrame({"secret": secret, "hashed": hashes})
        orders = orders.join(named, on="secret", how="left", maintain_order="left")
    else:
        orders = orders.with_columns(hashed=pl.lit(None, pl.String))
    orders = orders.with_columns(customer=pl.coalesce("kept", "hashed"))
    known = _known(orders, phones, personal)
    return orders.drop("kept", "secret", "hashed"), known


def _known(orders: pl.DataFrame, phones: list[str], personal: pl.Expr) -> Known:
    has_id = "customer_id" in orders.columns
    no_id = pl.col("customer_id").is_null() if has_id else pl.lit(True)
    pairs = orders.filter(no_id).select("who_phone", "who_email").drop_nulls("who_email").unique()
    both = pairs.drop_nulls()
    several = sum(int((both.group_by(name).len()["len"] > 1).sum()) for name in both.columns)
    alone = pairs.filter(pl.col("who_phone").is_null()).join(both, on="who_email", how="semi").height
    spoiled = [pl.col(name).str.contains(r"^[0-9.]+[eE]\+?[0-9]+$") for name in phones]
    counts = orders.select(
        by_id=pl.lit(has_id) & ~no_id,
        by_phone=no_id & pl.col("who_phone").is_not_null(),
        by_email=no_id & pl.col("who_phone").is_null() & pl.col("who_email").is_not_null(),
        by_nothing=no_id & pl.col("who_phone").is_null() & pl.col("who_email").is_null(),
        hashed_ids=personal.fill_null(False),
        spoiled_phones=pl.any_horizontal(spoiled).fill_null(False) if spoiled else pl.lit(False),
    ).sum()
    return Known(**{name: int(value or 0) for name, value in counts.row(0, named=True).items()}, conflicts=several + alone)


def hash_of(text: str, key: bytes) -> str:
    """The keyed hash (HMAC-SHA-256, its first 128 bits) under which a person is known."""
    return "c_" + hmac.digest(key, text.encode(), "sha256")[:16].hex()


def default_key_file() -> Path:
    """Where the key is if the caller names no place: in the user's home."""
    return Path.home() / ".nector_sim" / "customer.key"


def load_key(path: Path) -> bytes:
    """Read the key, or make one that its owner alone can read.

    Raises
    ------
    InputError
        If the file is no key, or cannot be read or made.
    """
    with contextlib.suppress(FileExistsError), _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Created with its mode, never readable by others in between; two processes at once make one key.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
    with _named(path):
        text = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{%d}" % (2 * _KEY_BYTES), text):
        raise InputError(f"{path} is not a key file; name another with key_file=, or move it away to have one made")
    return bytes.fromhex(text)


@contextlib.contextmanager
def _named(path: Path):  # type: ignore[no-untyped-def]
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise InputError(f"the key file {path} cannot be used: {error.strerror}; name another with key_file=") from None


def shown(value: object) -> str:
    """A field's text for a message: what could tell who a person is does not appear in it.

    Examples
    --------
    >>> shown("1.234,50"), shown("98765 43210"), shown("Asha Rao 12")
    ('1.234,50', '(masked)', '… … 12')
    """
    text = "" if value is None else " ".join(str(value).split())
    if _PERSONAL.search(text):
        return MASKED
    text = re.sub(r"[^\W\d_]+", lambda word: word[0] if word[0].lower() in _WORDS_OF_NUMBERS else "…", text)
    return text if len(text) <= 40 else text[:37] + "..."


def shown_id(value: str | None) -> str:
    """An order's id for a message, unless it could tell who a person is."""
    text = value or ""
    return MASKED if "@" in text or re.match(_PHONE_ID, text) or len(text) > 80 else text
