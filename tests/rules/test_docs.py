"""What fields say of themselves: read from the source, as pydantic would."""

from pydantic import BaseModel, ConfigDict

from nector_sim.rules.docs import field_docs
from nector_sim.rules.offers import FixedAmount, Model, VariableAmount
from nector_sim.rules.program import Program


class Whole(Model):
    """Says nothing of a field."""

    first: int = 0
    """What it is.

    In two paragraphs.
    """

    silent: int = 0

    second: int = 0
    """Another."""

    def method(self):
        """Of no field."""


class Wider(Whole):
    """Has all that, and more."""

    second: int = 1
    """Another than there."""

    third: int = 0
    """A third."""


def test_a_field_says_what_stands_below_it_here_or_where_it_comes_from():
    assert field_docs(Whole) == {"first": "What it is.\n\nIn two paragraphs.", "second": "Another."}
    assert field_docs(Wider) == field_docs(Whole) | {"second": "Another than there.", "third": "A third."}


def test_it_is_what_pydantic_reads():
    class Read(BaseModel):
        model_config = ConfigDict(use_attribute_docstrings=True)

        amount: int = 0
        """An amount,
        in two lines."""

    assert field_docs(Read) == {"amount": Read.model_fields["amount"].description}


def test_what_was_typed_into_a_session_says_what_its_bases_say():
    typed = {}
    exec(
        "class Typed(Base):\n    more: int = 0\n    'Where is it?'\n", {"Base": FixedAmount, "__name__": "typed"}, typed
    )
    assert field_docs(typed["Typed"]) == field_docs(FixedAmount)

    class Written(typed["Typed"]):
        last: int = 0
        """The last."""

    assert field_docs(Written) == field_docs(FixedAmount) | {"last": "The last."}


def test_the_schema_for_other_languages_says_it_too():
    schema = Program.model_json_schema()
    assert schema["properties"]["name"]["description"] == field_docs(Program)["name"]
    fields = schema["$defs"]["VariableAmount"]["properties"]
    assert {name: field["description"] for name, field in fields.items()} == field_docs(VariableAmount)
    assert "description" not in Whole.model_json_schema()["properties"]["silent"]
