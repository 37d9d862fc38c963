"""The tree as one module of JavaScript or TypeScript, without dependencies.

Whole numbers are JavaScript's own where no part can reach 2⁵³, and BigInt elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection

from nector_sim.languages.law import calculator_of
from nector_sim.languages.printing import RESULTS, Grammar, heading
from nector_sim.languages.tree import Constant, Input, Name
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS
from nector_sim.rules.program import Program

#: From here on, JavaScript's numbers are not exact.
INEXACT = 2**53


def _grammar(*, big: bool) -> Grammar:
    def constant(node: Constant) -> str:
        if isinstance(node.value, str):
            return json.dumps(node.value)
        return json.dumps(node.value) + ("n" if big and not isinstance(node.value, bool) else "")

    def chain(parts: list[str]) -> str:
        branches = zip(parts[:-1:2], parts[1::2], strict=True)
        return "".join(f"{condition} ? {then} : " for condition, then in branches) + parts[-1]

    least, most = ("least", "greatest") if big else ("Math.min", "Math.max")
    return Grammar(
        between={"+": "+", "-": "-", "*": "*", "<": "<", "<=": "<=", "==": "===", "and": "&&", "or": "||"},
        calls={
            "//": lambda parts: f"({' / '.join(parts)})" if big else f"Math.floor({' / '.join(parts)})",
            "min": lambda parts: f"{least}({', '.join(parts)})",
            "max": lambda parts: f"{most}({', '.join(parts)})",
            "if": chain,
            "blank": lambda parts: f"({parts[0]} === null)",
            "among": lambda parts: f"({parts[0]} !== null && [{', '.join(parts[1:])}].includes({parts[0]}))",
        },
        constant=constant,
        name=camel,
    )


def camel(node: Input | Name | str) -> str:
    """A name as JavaScript writes it: o0_by_cart is o0ByCart."""
    name = node if isinstance(node, str) else node.name
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


#: TypeScript; what stands in ⟦ ⟧ is left out of JavaScript.
_FILE = """/* {heading} */

const DECIMALS = {decimals};
const LARGEST_AMOUNT = {money}; // minor units
const MOST_POINTS = {points};
const LEFT_OUT⟦: string[]⟧ = {left_out}; // what orders never have
const FIELDS⟦: string[]⟧ = [
  "cart_amount", "points_balance", "credits", "points_requested",
  "tier", "ordered_at", "eligible_amount", "coupon_discount",
];
⟦
export interface Order {{
  cart_amount: string | number;
  points_balance: string | number;
  credits?: string | number | null;
  points_requested?: string | number | null;
  tier?: string | null;
  ordered_at?: string | Date | null;
  eligible_amount?: string | number | null;
  coupon_discount?: string | number | null;
}}
⟧⟦
export interface WholeOrder {{
  cart: number;
  balance: number;
  credits?: number;
  requested?: number | null;
  tier?: string | null;
  at?: number | null;
  eligible?: number | null;
  coupon?: number;
}}
⟧⟦
export interface Answer<Money> {{
  offer: string;
  points_redeemed: number;
  discount: Money;
  payable: Money;
  limited_by: string;
  credits_used: Money;
}}
⟧
/** Work out one order: money in minor units, `at` in microseconds since 1970 in UTC, all of them whole numbers. */
export function redeem(order⟦: WholeOrder⟧)⟦: Answer<number>⟧ {{
{inputs}
{lets}
  return {{
{results}
  }};
}}

/**
 * Work out one order: money in major units, as text or numbers in, as text out.
 * `ordered_at` is a Date, or ISO 8601 text with a zone.
 */
export function quote(order⟦: Order⟧)⟦: Answer<string>⟧ {{
  const given = order⟦ as unknown as Record<string, unknown>⟧;
  for (const name of Object.keys(given)) {{
    if (!FIELDS.includes(name)) throw new RangeError(`${{name}} is not a field of an order`);
    if (LEFT_OUT.includes(name) && !isBlank(given[name])) {{
      throw new RangeError(`${{name}} is not read by this calculator; export it without --leave-out ${{name}}`);
    }}
  }}
  const cart = minor("cart_amount", given.cart_amount);
  const eligible = isBlank(given.eligible_amount) ? null : minor("eligible_amount", given.eligible_amount);
  if (eligible !== null && eligible > cart) {{
    throw new RangeError(`eligible_amount is ${{String(given.eligible_amount)}}, above the cart`);
  }}
  const answer = redeem({{
    cart,
    eligible,
    coupon: isBlank(given.coupon_discount) ? 0 : minor("coupon_discount", given.coupon_discount),
    balance: points("points_balance", given.points_balance),
    credits: isBlank(given.credits) ? 0 : minor("credits", given.credits),
    requested: isBlank(given.points_requested) ? null : points("points_requested", given.points_requested),
    tier: isBlank(given.tier) ? null : ⟦(⟧given.tier⟦ as string)⟧,
    at: isBlank(given.ordered_at) ? null : instant(given.ordered_at),
  }});
  return {{
    ...answer,
    discount: major(answer.discount),
    payable: major(answer.payable),
    credits_used: major(answer.credits_used),
  }};
}}
{helpers}
function isBlank(value⟦: unknown⟧)⟦: boolean⟧ {{
  return value === undefined || value === null || value !== value || (typeof value === "string" && !value.trim());
}}

function digits(name⟦: string⟧, value⟦: unknown⟧)⟦: RegExpMatchArray⟧ {{
  const text = typeof value === "number" ? plainText(value) : typeof value === "string" ? value.trim() : "";
  const found = text.match(/^([+-]?)(\\d+)(?:\\.(\\d*))?$/);
  if (!found) throw new RangeError(`${{name}} is ${{String(value)}}, not a number such as 749.95`);
  return found;
}}

function plainText(value⟦: number⟧)⟦: string⟧ {{
  // Numbers below 1e-6 or above 1e21 are printed with an exponent; to this many decimals they are 0 or too large.
  return String(value).includes("e") ? value.toFixed(10) : String(value);
}}

function minor(name⟦: string⟧, value⟦: unknown⟧)⟦: number⟧ {{
  const scale = 10 ** DECIMALS;
  let amount⟦: number⟧;
  let exact⟦: boolean⟧;
  const [, sign, whole, behind = ""] = digits(name, value);
  if (typeof value === "number") {{
    amount = Math.round(value * scale);
    exact = Math.abs(value - amount / scale) <= 1e-6;
  }} else {{
    amount = Number(sign + whole + behind.slice(0, DECIMALS).padEnd(DECIMALS, "0"));
    exact = /^0*$/.test(behind.slice(DECIMALS));
  }}
  if (!exact) throw new RangeError(`${{name}} is ${{String(value)}}, finer than ${{DECIMALS}} decimals`);
  if (!(amount >= 0 && amount <= LARGEST_AMOUNT)) {{
    throw new RangeError(`${{name}} is ${{String(value)}}; it must be from 0 to ${{major(LARGEST_AMOUNT)}}`);
  }}
  return amount === 0 ? 0 : amount;
}}

function points(name⟦: string⟧, value⟦: unknown⟧)⟦: number⟧ {{
  const [, sign, whole, behind = ""] = digits(name, value);
  if (sign === "-") return 0;
  const most = Number(whole) === MOST_POINTS && /[1-9]/.test(behind);
  if (Number(whole) > MOST_POINTS || most) {{
    throw new RangeError(`${{name}} is ${{String(value)}}; it must be at most ${{MOST_POINTS}}`);
  }}
  return Number(whole);
}}

function instant(value⟦: unknown⟧)⟦: number⟧ {{
  if (value instanceof Date) return value.getTime() * 1000;
  const pattern = /^(\\d{{4}}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d)?)(?:\\.(\\d{{1,6}}))?(Z|[+-]\\d\\d:\\d\\d)$/;
  const found = String(value).match(pattern);
  if (!found) throw new RangeError(`ordered_at is ${{String(value)}}; write a time with a zone, such as +05:30 or Z`);
  const second = Date.parse(found[1].replace(" ", "T") + found[3]);
  if (Number.isNaN(second)) throw new RangeError(`ordered_at is ${{String(value)}}, which no calendar has`);
  return second * 1000 + Number((found[2] ?? "").padEnd(6, "0"));
}}

function major(amount⟦: number⟧)⟦: string⟧ {{
  const text = String(amount).padStart(DECIMALS + 1, "0");
  return DECIMALS ? `${{text.slice(0, -DECIMALS)}}.${{text.slice(-DECIMALS)}}` : text;
}}
"""

_BIG_HELPERS = """
const least = (...values⟦: bigint[]⟧)⟦: bigint⟧ => values.reduce((one, other) => (other < one ? other : one));
const greatest = (...values⟦: bigint[]⟧)⟦: bigint⟧ => values.reduce((one, other) => (other > one ? other : one));
"""


def print_typescript(program: Program, *, leave_out: Collection[str] = ()) -> str:
    """Write the program as a TypeScript module with ``quote`` (major units) and ``redeem`` (whole minor units)."""
    return _print(program, leave_out, lambda text: re.sub("[⟦⟧]", "", text))


def print_javascript(program: Program, *, leave_out: Collection[str] = ()) -> str:
    """Write the program as a JavaScript module: the TypeScript one without its types."""
    return _print(program, leave_out, lambda text: re.sub("⟦.*?⟧", "", text, flags=re.DOTALL))


def _print(program: Program, leave_out: Collection[str], typed: Callable[[str], str]) -> str:
    calculator = calculator_of(program, leave_out=leave_out)
    big = calculator.largest >= INEXACT
    grammar = _grammar(big=big)
    inputs, lets = [], []
    for given in calculator.inputs:
        blank = {"credits": " ?? 0", "coupon": " ?? 0"}.get(given.name, " ?? null" if given.optional else "")
        value = f"order.{given.name}{blank}"
        if big and given.kind == "whole":
            read = f"BigInt(order.{given.name}{blank if not given.optional else ''})"
            value = f"order.{given.name} == null ? null : {read}" if given.optional else read
        inputs.append(f"  const {given.name} = {value};")
    for one in calculator.lets:
        lets += [f"  // {one.note}"] if one.note else []
        lets.append(f"  const {camel(one.name)} = {grammar.write(one.value)};")
    results = {name: grammar.write(calculator.results[name]) for name in RESULTS}
    if big:
        results = {
            name: text if name in ("offer", "limited_by") else f"Number({text})" for name, text in results.items()
        }
    return typed(_FILE).format(
        heading=heading(program, "It runs in any browser and on Node, and needs nothing else."),
        decimals=program.decimals,
        money=MAX_MINOR,
        points=MAX_POINTS,
        left_out=json.dumps(sorted(leave_out)),
        inputs="\n".join(inputs),
        lets="\n".join(lets),
        results="\n".join(f"    {name}: {text}," for name, text in results.items()),
        helpers=typed(_BIG_HELPERS) if big else "",
    )
