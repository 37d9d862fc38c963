"""The ledger in words, its choices, and the fields that carry them say the same."""

import re
import tomllib

import nector_sim as ns
from nector_sim.ledger.choices import LEDGER_CHOICES

PAGE = ns.data_path("law/ledger.md").read_text(encoding="utf-8")


def test_each_choice_stands_where_it_is_made():
    for choice in LEDGER_CHOICES:
        assert f"(`{choice}`)" in PAGE.partition("## 8.")[0], choice


def test_the_program_of_the_page_is_one_and_shows_the_defaults():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    shown = ns.Program.parse(tomllib.loads(text))
    bare = {"earning": {}, "expiry": {"months": 6}, "reversal": {}}
    defaults = ns.Program.parse(bare | {"tiers": [{"name": "Silver", "min_spend": 1500, "earning_factor": "1.2"}]})
    assert ns.Program.parse(tomllib.loads(defaults.to_toml())) == shown
