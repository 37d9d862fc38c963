"""Who redeems, read a second time from section 6 of the law page alone.

Nothing of the package is imported or called. A shop of this reading pays 1 point for each whole rupee, and every order
earns one point for every ten rupees paid, at once. Money is in paise; customers and orders have texts for ids.
"""

from fractions import Fraction

BITS = 2**64


def mix(state):
    """SplitMix64: add the golden gamma, then its finaliser (Steele, Lea, Flood 2014)."""
    state = (state + 0x9E3779B97F4A7C15) % BITS
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % BITS
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB % BITS
    return state ^ (state >> 31)


def drawn(start, name):
    """The draw of an id as an exact fraction."""
    data = name.encode("utf-8")
    for begin in range(0, len(data), 8):
        start = mix(start ^ int.from_bytes(data[begin : begin + 8].ljust(8, b"\0"), "little"))
    return Fraction(mix(start ^ len(data)) // 2**11, 2**53)


def luck(start, name):
    """The draw in whole millionths."""
    return (drawn(start, name) * 10**6).__floor__()


def probability(table, kind, balance, cart):
    """What the table has, in millionths: the last row and column that begin at most here."""
    row = column = None
    for number, least in enumerate(table["balances"]):
        if least <= balance:
            row = number
    for number, least in enumerate(table["of_cart_percent"]):
        # Points for each 100 rupees of a cart in paise.
        if cart == 0 or Fraction(least) <= Fraction(balance) * 100 / (Fraction(cart) / 100):
            column = number
    cell = Fraction(table["millionths"][kind][row][column])
    scaled = cell * Fraction(table["take_up_percent"]) / Fraction(table["mean_percent"])
    return min(10**6, scaled.__floor__())


def uses(seed, table, customer, order, balance, cart):
    """Whether the customer uses points on an order on which that is possible."""
    redeemers = table["redeemers"]
    of_customer = luck(mix(mix(seed)), customer)
    if of_customer >= redeemers:
        return False
    kind = len(table["millionths"]) * of_customer // redeemers
    return luck(mix(seed), order) < probability(table, kind, max(0, balance), cart)


def read(seed, table, orders, brought):
    """Replay orders (id, customer, cart in paise, redeems or None) in their order.

    Gives for each order its balance and the points redeemed.
    """
    balances, rows = dict(brought), {}
    for order, customer, cart, said in orders:
        balance = balances.get(customer, 0)
        points = max(0, min(balance, cart // 100))
        if points and not (uses(seed, table, customer, order, balance, cart) if said is None else said):
            points = 0
        rows[order] = (balance, points)
        balances[customer] = balance - points + (cart - 100 * points) // 1000
    return rows
