"""The integration's page: what each step changes, what is missing, and where the secret is not."""

import pytest
import sqlalchemy

import nector_sim as ns
from nector_sim.gokwik import Database, Integration

ONE_TO_ONE = ns.VariableAmount(points_per_step=1, discount_per_step=1, max_discount=1000)


def test_from_initialize_to_live(database):
    integration = Integration(database)
    assert integration.state.missing == ("Initialize the integration; that makes its webhook id.",)
    assert not integration.program.enabled
    integration.initialise()
    assert len(integration.state.missing) == 3
    integration.enable()
    assert [sentence.split()[0] for sentence in integration.state.missing] == ["Hand", "Add"]
    integration.add_offer(ONE_TO_ONE)
    integration.configure(ns.PercentMinPayable(percent=20))
    assert not integration.program.enabled
    integration.hand_over()
    assert integration.state.live
    assert integration.program == ns.Program(offers=[ONE_TO_ONE], min_payable=ns.PercentMinPayable(percent=20))
    integration.disable()
    assert integration.state.missing == ("Enable the integration.",)
    assert [event.what for event in integration.events()] == [
        "initialised",
        "enabled",
        "offer added",
        "minimum payable configured",
        "webhook id handed over",
        "disabled",
    ]


def test_the_program_is_what_quote_takes(database, program):
    integration = Integration(database)
    integration.initialise(program)
    integration.enable()
    integration.hand_over()
    assert integration.program == program
    assert ns.quote(integration.program, cart_amount=500, points_balance=5000).discount == 400


def test_offers_are_added_edited_and_removed(database):
    integration = Integration(database)
    integration.initialise()
    other = ns.FixedAmount(points=100, discount="10.50", name="small")
    dear = ns.FixedAmount(points=200, discount=10, name="dear")
    integration.add_offer(ONE_TO_ONE)
    integration.add_offer(other)
    integration.edit_offer(0, dear)
    assert integration.program.offers == (dear, other)
    integration.remove_offer(0)
    assert integration.program.offers == (other,)
    with pytest.raises(ns.InputError, match="no offer 1"):
        integration.remove_offer(1)
    with pytest.raises(ns.InputError, match="no offer -1"):
        integration.edit_offer(-1, other)


def test_a_setting_that_the_currency_cannot_hold_changes_nothing(database):
    integration = Integration(database)
    integration.initialise()
    with pytest.raises(ns.ProgramError, match="finer than INR"):
        integration.add_offer(ns.FixedAmount(points=100, discount="0.001"))
    with pytest.raises(ns.ProgramError, match="finer than INR"):
        integration.configure(ns.FixedMinPayable(amount="0.001"))
    assert integration.program.offers == ()
    assert len(integration.events()) == 1


def test_nothing_changes_before_initialize(database):
    integration = Integration(database)
    for change in (integration.enable, integration.rotate, lambda: integration.add_offer(ONE_TO_ONE)):
        with pytest.raises(ns.InputError, match="not initialised yet"):
            change()
    integration.initialise()
    with pytest.raises(ns.InputError, match="initialised already"):
        integration.initialise()


def test_another_currency_needs_another_database(database, program):
    integration = Integration(database)
    integration.initialise(program)
    integration.use(ns.Program(offers=[ONE_TO_ONE]))
    assert integration.program.offers == (ONE_TO_ONE,)
    with pytest.raises(ns.InputError, match="in INR and the program in JPY"):
        integration.use(ns.Program(currency="JPY"))


def test_rotating_makes_a_new_id_that_has_to_be_handed_over(database):
    integration = Integration(database)
    first = integration.initialise().get_secret_value()
    integration.hand_over()
    second = integration.rotate().get_secret_value()
    assert first != second
    assert not integration.state.handed_over
    assert integration.state.webhook_tail == second[-4:]


def test_the_webhook_id_is_256_bits_and_only_its_hash_is_kept(tmp_path):
    with Database(tmp_path / "gokwik.db") as database:
        integration = Integration(database)
        secrets = [integration.initialise(), *(integration.rotate() for _ in range(3))]
        ids = [secret.get_secret_value() for secret in secrets]
        assert all(len(webhook_id) == 43 for webhook_id in ids)  # 43 × 6 bits hold 256
        assert all(
            webhook_id not in repr(secret) + str(secret) for webhook_id, secret in zip(ids, secrets, strict=True)
        )
        log = repr(integration.events())
    everything = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for webhook_id in ids:
        assert webhook_id.encode() not in everything
        assert webhook_id[:39] not in log
        assert webhook_id[-4:].encode() in everything


def test_settings_survive_closing(where, program):
    with Database(where) as database:
        Integration(database).initialise(program)
        Integration(database).enable()
    with Database(where) as database:
        assert Integration(database).state.enabled
        assert Integration(database).program.offers == program.offers


def test_a_database_that_is_none_is_refused_in_words(tmp_path):
    (tmp_path / "notes.txt").write_text("no database " * 1000)
    with pytest.raises(ns.InputError, match="cannot be used as a database"):
        Database(tmp_path / "notes.txt")
    with pytest.raises(ns.InputError, match="cannot be used as a database"):
        Database(tmp_path / "no folder" / "gokwik.db")
    with pytest.raises(ns.InputError, match="mysql is not a database"):
        Database("mysql://user@host/name")
    for url in ("postgresql://user:hush@127.0.0.1:1/name", "postgresql://user@127.0.0.1:1/name?password=hush"):
        with pytest.raises(ns.InputError, match="cannot be used as a database") as refused:
            Database(url)
        assert "hush" not in str(refused.value)
    with pytest.raises(ns.InputError, match="URL cannot be read"):
        Database("postgresql://user@host:port/name")


@pytest.mark.parametrize("where", ["", ":memory:", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_would_be_lost_is_refused(where):
    with pytest.raises(ns.InputError, match="must be a file"):
        Database(where)


def test_someone_elses_tables_are_left_alone(where):
    engine = sqlalchemy.create_engine(where if "://" in where else f"sqlite:///{where}")
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE orders (number INTEGER)"))
    with pytest.raises(ns.InputError, match=r"other tables of the names used here \(orders\)"):
        Database(where)
    with engine.connect() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == ["orders"]
    engine.dispose()
