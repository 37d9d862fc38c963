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
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nector_sim.errors import InputError
from nector_sim.frames.masking import PHONE_ID
from nector_sim.places import on_this_machine

_KEY_BYTES = 32
_TIMES_READ = 20


@dataclass(frozen=True, slots=True)
class Known:
    """How the customers of some orders are known.

    Attributes
    ----------
    by_id, by_phone, by_email, by_nothing : int
        Orders by what their customer was known by; by nothing: guests, each a customer of one order.
    hashed_ids : int
        Customer ids that look like a phone, an e-mail address or a name, and were hashed.
    conflicts : int
        Phones with several e-mail addresses, and e-mail addresses with several phones, or with one and without.
    """

    by_id: int = 0
    by_phone: int = 0
    by_email: int = 0
    by_nothing: int = 0
    hashed_ids: int = 0
    conflicts: int = 0


def as_text(values: pl.Series) -> pl.Series:
    """A column as trimmed text, whole numbers without a point, nothing as null."""
    if values.dtype.is_float():
        whole = pl.col("v").cast(pl.Int64, strict=False)
        text = pl.when(pl.col("v") == whole).then(whole.cast(pl.String)).otherwise(pl.col("v").cast(pl.String))
        values = values.to_frame("v").select(text).to_series()
    text = pl.col("v").cast(pl.String).str.strip_chars()
    return values.to_frame("v").select(pl.when(text != "").then(text)).to_series()


def add_people(orders: pl.DataFrame, phones: list[str], currency: str = "INR") -> pl.DataFrame:
    """Add ``who_phone`` and ``who_email``: a phone's digits within its country, and the address in lower case."""
    digits = _digits(currency)
    phone = pl.Series("who_phone", [None] * orders.height, dtype=pl.String)
    email = phone.alias("who_email")
    if "customer_id" in orders.columns:  # where ids are phones or addresses, they are how a person is known
        given = orders["customer_id"]
        phone = _of_each_value(given, pl.when(_VALUE.str.contains(PHONE_ID)).then(digits)).alias("who_phone")
        email = _of_each_value(given, _ADDRESS).alias("who_email")
    for name in phones:
        if phone.has_nulls():
            phone = phone.zip_with(phone.is_not_null(), _of_each_value(orders[name], digits))
    if "email" in orders.columns:
        email = email.zip_with(email.is_not_null(), _of_each_value(orders["email"], _ADDRESS))
    return orders.with_columns(phone, email)


def _of_each_value(values: pl.Series, worked_out: pl.Expr) -> pl.Series:
    """An expression of each value, worked out once for equal ones: people order often."""
    table = pl.DataFrame({"value": values.unique()}).with_columns(out=worked_out)
    return values.to_frame("value").join(table, on="value", how="left", maintain_order="left")["out"]


#: By currency: the calling code of its country, and how many digits a phone has behind it.
_PHONES = {
    "INR": ("91", (10,)), "AED": ("971", (8, 9)), "SAR": ("966", (9,)), "QAR": ("974", (8,)), "KWD": ("965", (8,)),
    "OMR": ("968", (8,)), "BHD": ("973", (8,)), "SGD": ("65", (8,)), "HKD": ("852", (8,)), "MYR": ("60", (8, 9, 10)),
    "IDR": ("62", (9, 10, 11, 12)), "THB": ("66", (8, 9)), "PHP": ("63", (10,)), "VND": ("84", (9, 10)),
    "LKR": ("94", (9,)), "NPR": ("977", (10,)), "BDT": ("880", (10,)), "PKR": ("92", (10,)), "GBP": ("44", (9, 10)),
    "USD": ("1", (10,)), "CAD": ("1", (10,)), "AUD": ("61", (9,)), "NZD": ("64", (8, 9, 10)), "BRL": ("55", (10, 11)),
    "MXN": ("52", (10,)), "TRY": ("90", (10,)), "JPY": ("81", (9, 10)), "CNY": ("86", (11,)), "ZAR": ("27", (9,)),
    "NGN": ("234", (10,)), "KES": ("254", (9,)),
}  # fmt: skip
#: Where a currency is that of no single country, or of one that is not listed.
_ANY_PHONE = ("", (7, 8, 9, 10, 11, 12))
_VALUE = pl.col("value")


def _digits(currency: str) -> pl.Expr:
    """A phone's digits within the country of a currency; with a plus before those of another country."""
    code, lengths = _PHONES.get(currency, _ANY_PHONE)
    bare = _VALUE.str.replace(r"\.0$", "")
    digits = bare.str.replace_all(r"[^0-9]", "")
    abroad = bare.str.contains(r"^[^0-9]*\+") | digits.str.starts_with("00")
    whole = digits.str.strip_chars_start("0")
    rest = whole.str.slice(len(code)).str.strip_chars_start("0")
    has_code = whole.str.starts_with(code) if code else pl.lit(False)
    local = (
        pl.when(~abroad & whole.str.len_chars().is_in(lengths)).then(whole)
        .when(has_code & rest.str.len_chars().is_in(lengths)).then(rest)
        .when(abroad & ~has_code & whole.str.len_chars().is_between(8, 15)).then(pl.lit("+") + whole)
    )  # fmt: skip
    junk = local.str.contains(r"^(?:0+|1+|2+|3+|4+|5+|6+|7+|8+|9+|1234567890?)$")
    return pl.when(~junk & ~_VALUE.str.contains(r"[A-Za-z]")).then(local)


_ADDRESS = pl.when(_VALUE.str.contains(r"^[^@\s]+@[^@\s]+$")).then(_VALUE.str.to_lowercase())


def phone_of(text: str) -> str | None:
    """The digits of a text that is a phone in India, as ``who_phone``; else None."""
    return phones_of([text])[0]


def phones_of(texts: list[str]) -> list[str | None]:
    """:func:`phone_of` of many texts."""
    found: list[str | None] = (
        pl.DataFrame({"value": texts}, schema={"value": pl.String}).select(_digits("INR")).to_series().to_list()
    )
    return found


def name_customers(orders: pl.DataFrame, key_file: str | Path | None, *, are_names: bool = False) -> pl.DataFrame:
    """Add ``customer``: the id as it stands, else the hash of phone or e-mail address, else a guest."""
    given = pl.col("customer_id") if "customer_id" in orders.columns else pl.lit(None, pl.String)
    personal = given.is_not_null() if are_names else _personal(given)
    # A name, or a number that is no phone of its country, is hashed as it stands.
    as_given = pl.when(personal).then("id:" + given.str.to_lowercase().str.replace_all(r"\s+", " "))
    people = pl.coalesce("phone:" + pl.col("who_phone"), "email:" + pl.col("who_email"), as_given)
    orders = orders.with_columns(
        kept=pl.when(~personal).then(given), secret=pl.when(given.is_null() | personal).then(people)
    )
    secret = orders["secret"].drop_nulls().unique()
    if len(secret):
        key = load_key(key_file)
        hashes = [hash_of(text, key) for text in secret.to_list()]
        named = pl.DataFrame({"secret": secret, "hashed": hashes})
        orders = orders.join(named, on="secret", how="left", maintain_order="left")
    else:
        orders = orders.with_columns(hashed=pl.lit(None, pl.String))
    guest = GUEST + pl.col("order_id") if "order_id" in orders.columns else pl.lit(None, pl.String)
    return orders.with_columns(customer=pl.coalesce("kept", "hashed", guest)).drop("kept", "secret", "hashed")


#: Put before an order's number where nobody knows who ordered: a customer of this one order.
GUEST = "guest:"


def _personal(given: pl.Expr) -> pl.Expr:
    """Ids that could tell who a person is: addresses, phones, and names, which have letters and no digit."""
    words = given.str.contains(r"\p{L}\S*\s+\S*\p{L}") | (given.str.contains(r"\p{L}{3}") & ~given.str.contains(r"\d"))
    return (given.str.contains("@") | given.str.contains(PHONE_ID) | words) & ~given.str.starts_with(GUEST)


def count_spoiled(orders: pl.DataFrame, phones: list[str]) -> int:
    """Count the orders with a phone that a spreadsheet turned into 9.19877E+11, which has lost its digits."""
    spoiled = [pl.col(name).str.contains(r"^[0-9.]+[eE]\+?[0-9]+$").fill_null(False) for name in phones]
    return orders.filter(pl.any_horizontal(spoiled)).height if spoiled else 0


def known_of(orders: pl.DataFrame) -> Known:
    """Count how the customers of orders are known."""
    has_id = "customer_id" in orders.columns
    no_id = pl.col("customer_id").is_null() if has_id else pl.lit(True)
    pairs = orders.filter(no_id).select("who_phone", "who_email").drop_nulls("who_email").unique()
    both = pairs.drop_nulls()
    several = sum(int((both.group_by(name).len()["len"] > 1).sum()) for name in both.columns)
    alone = pairs.filter(pl.col("who_phone").is_null()).join(both, on="who_email", how="semi").height
    counts = orders.select(
        by_id=pl.lit(has_id) & ~no_id,
        by_phone=no_id & pl.col("who_phone").is_not_null(),
        by_email=no_id & pl.col("who_phone").is_null() & pl.col("who_email").is_not_null(),
        by_nothing=no_id & pl.col("who_phone").is_null() & pl.col("who_email").is_null(),
        hashed_ids=(pl.col("customer_id") != pl.col("customer")).fill_null(False) if has_id else pl.lit(False),
    ).sum()
    return Known(
        **{name: int(value or 0) for name, value in counts.row(0, named=True).items()}, conflicts=several + alone
    )


#: What :func:`hash_of` gives.
HASHED = r"c_[0-9a-f]{32}"


def hash_of(text: str, key: bytes) -> str:
    """The keyed hash (HMAC-SHA-256, its first 128 bits) under which a person is known."""
    return "c_" + hmac.digest(key, text.encode(), "sha256")[:16].hex()


def default_key_file() -> Path:
    """Where the key is if the caller names no place: in the user's home."""
    return Path.home() / ".nector_sim" / "customer.key"


def load_key(path: str | Path | None) -> bytes:
    """Read the key, or make one that its owner alone can read; None is the key in the user's home."""
    path = default_key_file() if path is None else on_this_machine(path, "the key of customers stays on it")
    with contextlib.suppress(FileExistsError), _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Created with its mode, never readable by others in between; two processes at once make one key.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        except OSError:
            path.unlink(missing_ok=True)  # else the next run finds half a key
            raise
    with _named(path):
        for _ in range(_TIMES_READ):
            if text := path.read_text(encoding="ascii", errors="replace").strip():
                break
            time.sleep(0.05)  # another process has made the file and is about to write the key
    if not re.fullmatch(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}", text):
        raise InputError(
            f"{path} is not a key file; name another with key_file= (--key-file), or move it away to have one made"
        )
    return bytes.fromhex(text)


@contextlib.contextmanager
def _named(path: Path):  # type: ignore[no-untyped-def]
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise InputError(
            f"the key file {path} cannot be used: {error.strerror}; name another with key_file= (--key-file)"
        ) from None
