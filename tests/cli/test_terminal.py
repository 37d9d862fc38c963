"""What files say reaches a terminal as text: nothing in them steers it."""

import pytest

import nector_sim as ns

EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[1A\x9b8m\u202e"
PROGRAM = ns.data_path("programs/gokwik-example.toml")


@pytest.mark.parametrize("command", ["check", "score", "compare"])
def test_escapes_in_orders_are_written_out(run, tmp_path, command):
    orders = tmp_path / "orders.csv"
    orders.write_text(f"order_id,cart_amount,points_balance\n1,{EVIL},5\n2,500,300\n", encoding="utf-8")
    more = {
        "check": ["--program", PROGRAM],
        "score": ["-p", PROGRAM, "--out", tmp_path / "out.csv"],
        "compare": [PROGRAM, PROGRAM, "--orders", orders],
    }
    given = [command, *([orders] if command != "compare" else []), *more[command]]
    _, out, err = run(*given)
    shown = out + err
    assert not set(shown) & set("\x1b\x07\x9b\u202e\r"), shown


def test_escapes_in_names_and_columns_are_written_out(run, tmp_path):
    orders = tmp_path / "orders\x1b[2J.csv"
    orders.write_text(f"order_id,cart{EVIL},points_balance\n1,5,5\n", encoding="utf-8")
    code, out, err = run("score", orders, "-p", PROGRAM, "--out", tmp_path / "out.csv")
    assert code == 2
    assert "\\x1b[2J.csv" in err
    assert not set(out + err) & set("\x1b\x07\x9b\u202e\r")
