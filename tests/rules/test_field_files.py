"""Tests of the reader of files of fields: how large and how deep they may be, and what is said of all others."""

import json
from decimal import Decimal

import pytest

from nector_sim.errors import InputError, ProgramError
from nector_sim.rules.files import DEEPEST, MOST, parse_json, parse_toml, read_fields


def written(folder, text, name="fields.toml"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_toml_and_json_hold_the_same_fields_with_exact_numbers(tmp_path):
    toml = written(tmp_path, '[a]\nrate = 0.1\nname = "x"\r\n')
    assert read_fields(toml, "a file") == {"a": {"rate": Decimal("0.1"), "name": "x"}}
    for name in ("fields.json", "FIELDS.JSON"):
        data = written(tmp_path, "\ufeff" + json.dumps({"a": {"rate": 0.1, "name": "x"}}), name)
        assert read_fields(data, "a file") == {"a": {"rate": Decimal("0.1"), "name": "x"}}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("fields.toml", "a = ", r"fields\.toml is not TOML: Invalid value"),
        ("fields.json", "{", r"fields\.json is not JSON: Expecting property name"),
        ("fields.json", '{"b": 1, "a": 1, "a": 2}', r"is not JSON: a field appears twice in \{b, a, a\}"),
        ("fields.json", "[" * 100_000, "is not JSON: "),
        ("fields.json", "[1]", "must hold one table of fields"),
        ("fields.toml", b"a = '\xff'", "cannot be read: it is not UTF-8 text"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_of_the_file(tmp_path, name, text, said):
    with pytest.raises(ProgramError, match=said):
        read_fields(written(tmp_path, text, name), "a file", refused=ProgramError)


def test_a_file_that_is_missing_or_no_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml does not exist; check the name, or write a grid file there"):
        read_fields(tmp_path / "none.toml", "a grid file")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_fields(tmp_path, "a grid file")


def test_a_file_may_be_a_mebibyte_and_not_a_byte_more(tmp_path):
    assert MOST == 2**20
    whole = b"a = 1\n#" + b"x" * (2**20 - 7)
    assert read_fields(written(tmp_path, whole), "a file") == {"a": 1}
    with pytest.raises(InputError, match="it is larger than 1 MiB, which no such file needs"):
        read_fields(written(tmp_path, whole + b"x"), "a file")


@pytest.mark.parametrize("spaces", ["", " ", "\n"])
def test_tables_and_lists_lie_32_deep_within_each_other_at_most(spaces):
    assert DEEPEST == 32

    def deep(levels):
        return f"a = {spaces.join('[' * levels)}{']' * levels}"

    def dotted(levels, dot):
        return dot.join("a" * (levels + 1)) + " = 1"

    for make in (deep, lambda levels: dotted(levels, "."), lambda levels: dotted(levels, " . ")):
        assert parse_toml(make(32))
        with pytest.raises(ValueError, match="more than 32 tables or lists within each other"):
            parse_toml(make(33))
    # Many beside each other are not deep, and one that is deep is seen wherever it stands.
    assert len(parse_toml("\n".join(f"a{number} = [[1]]" for number in range(100)))) == 100
    for text in (f"b = [1]\n{deep(33)}", f"{deep(33)}\nb = [1]"):
        with pytest.raises(ValueError, match="more than 32"):
            parse_toml(text)
    assert parse_toml("") == {}


def test_json_keeps_all_that_is_no_object():
    assert parse_json("[0.10, 1, null, true]") == [Decimal("0.10"), 1, None, True]
