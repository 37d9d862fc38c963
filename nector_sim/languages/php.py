"""The tree as one file of PHP, which needs no extension: shops of WooCommerce and Magento run it as it is.

PHP turns a whole number that leaves 64 bits into a float without a word, so a program that could reach that is refused.
"""

from __future__ import annotations

from collections.abc import Collection

from nector_sim.languages.law import calculator_of
from nector_sim.languages.printing import RESULTS, Grammar, heading, refuse_beyond_64_bits
from nector_sim.languages.tree import Constant
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS
from nector_sim.rules.program import Program


def _constant(node: Constant) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return _text(node.value) if isinstance(node.value, str) else str(node.value)


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _chain(parts: list[str]) -> str:
    """PHP takes no choice within a choice without parentheses."""
    *branches, last = parts
    text = last
    for condition, then in zip(branches[-2::-2], branches[-1::-2], strict=True):
        text = f"{condition} ? {then} : " + (text if text is last else f"({text})")
    return text


GRAMMAR = Grammar(
    between={"+": "+", "-": "-", "*": "*", "<": "<", "<=": "<=", "==": "===", "and": "&&", "or": "||"},
    calls={
        "//": lambda parts: f"intdiv({', '.join(parts)})",
        "min": lambda parts: f"min({', '.join(parts)})",
        "max": lambda parts: f"max({', '.join(parts)})",
        "if": _chain,
        "blank": lambda parts: f"({parts[0]} === null)",
        "among": lambda parts: f"({parts[0]} !== null && in_array({parts[0]}, [{', '.join(parts[1:])}], true))",
    },
    constant=_constant,
    name=lambda node: f"${node.name}",
)

_FILE = r"""<?php
/* {heading} */

declare(strict_types=1);

final class NectorRedemption
{{
    public const DECIMALS = {decimals};
    public const LARGEST_AMOUNT = {money}; // minor units
    public const MOST_POINTS = {points};
    public const LEFT_OUT = [{left_out}]; // what orders never have
    private const FIELDS = [
        'cart_amount', 'points_balance', 'credits', 'points_requested',
        'tier', 'ordered_at', 'eligible_amount', 'coupon_discount',
    ];

    /** Work out one order: money in minor units, $at in microseconds since 1970 in UTC, all of them whole numbers. */
    public static function redeem(
        int $cart,
        int $balance,
        int $credits = 0,
        ?int $requested = null,
        ?string $tier = null,
        ?int $at = null,
        ?int $eligible = null,
        int $coupon = 0
    ): array {{
{lets}
        return [
{results}
        ];
    }}

    /**
     * Work out one order, fields by name: money in major units, as text or numbers in, as text out.
     * `ordered_at` is a DateTimeInterface, or ISO 8601 text with a zone.
     */
    public static function quote(array $order): array
    {{
        foreach ($order as $name => $value) {{
            if (!in_array($name, self::FIELDS, true)) {{
                throw new InvalidArgumentException("$name is not a field of an order");
            }}
            if (in_array($name, self::LEFT_OUT, true) && !self::isBlank($value)) {{
                throw new InvalidArgumentException(
                    "$name is not read by this calculator; export it without --leave-out $name"
                );
            }}
        }}
        $given = $order + array_fill_keys(self::FIELDS, null);
        $minor = fn (string $name) => self::isBlank($given[$name]) ? null : self::minor($name, $given[$name]);
        $cart = self::minor('cart_amount', $given['cart_amount']);
        $eligible = $minor('eligible_amount');
        if ($eligible !== null && $eligible > $cart) {{
            throw new InvalidArgumentException("eligible_amount is {{$given['eligible_amount']}}, above the cart");
        }}
        $answer = self::redeem(
            $cart,
            self::points('points_balance', $given['points_balance']),
            $minor('credits') ?? 0,
            self::isBlank($given['points_requested'])
                ? null : self::points('points_requested', $given['points_requested']),
            self::isBlank($given['tier']) ? null : $given['tier'],
            self::isBlank($given['ordered_at']) ? null : self::instant($given['ordered_at']),
            $eligible,
            $minor('coupon_discount') ?? 0
        );
        foreach (['discount', 'payable', 'credits_used'] as $name) {{
            $answer[$name] = self::major($answer[$name]);
        }}
        return $answer;
    }}

    private static function isBlank(mixed $value): bool
    {{
        return $value === null || (is_float($value) && is_nan($value)) || (is_string($value) && trim($value) === '');
    }}

    /** Sign, whole part and decimals of a number. */
    private static function digits(string $name, mixed $value): array
    {{
        $text = match (true) {{
            is_int($value) => (string) $value,
            is_float($value) => is_finite($value) ? sprintf('%.10F', $value) : '',
            is_string($value) => trim($value),
            default => '',
        }};
        if (!preg_match('/^([+-]?)(\d+)(?:\.(\d*))?$/D', $text, $found)) {{
            throw new InvalidArgumentException(
                "$name is " . var_export($value, true) . ', not a number such as 749.95'
            );
        }}
        return [$found[1], ltrim($found[2], '0') ?: '0', $found[3] ?? ''];
    }}

    private static function minor(string $name, mixed $value): int
    {{
        [$sign, $whole, $behind] = self::digits($name, $value);
        $most = self::major(self::LARGEST_AMOUNT);
        if (strlen($whole) > 13 || ($sign === '-' && trim($whole . $behind, '0') !== '')) {{
            throw new InvalidArgumentException("$name is $value; it must be from 0 to $most");
        }}
        $amount = (int) ($whole . substr(str_pad($behind, self::DECIMALS, '0'), 0, self::DECIMALS));
        $exact = trim(substr($behind, self::DECIMALS), '0') === '';
        if (is_float($value)) {{
            $amount = (int) round($value * 10 ** self::DECIMALS);
            $exact = abs($value - $amount / 10 ** self::DECIMALS) <= 1e-6;
        }}
        if (!$exact) {{
            throw new InvalidArgumentException("$name is $value, finer than " . self::DECIMALS . ' decimals');
        }}
        if ($amount > self::LARGEST_AMOUNT) {{
            throw new InvalidArgumentException("$name is $value; it must be from 0 to $most");
        }}
        return $amount;
    }}

    private static function points(string $name, mixed $value): int
    {{
        [$sign, $whole, $behind] = self::digits($name, $value);
        if ($sign === '-') {{
            return 0;
        }}
        if (strlen($whole) > 13 || (int) $whole > self::MOST_POINTS
            || ((int) $whole === self::MOST_POINTS && trim($behind, '0') !== '')) {{
            throw new InvalidArgumentException("$name is $value; it must be at most " . self::MOST_POINTS);
        }}
        return (int) $whole;
    }}

    private static function instant(mixed $value): int
    {{
        if (!$value instanceof DateTimeInterface) {{
            $pattern = '/^\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{{1,6}})?)?(Z|[+-]\d\d:\d\d)$/D';
            if (!is_string($value) || !preg_match($pattern, $value)) {{
                throw new InvalidArgumentException('ordered_at is ' . var_export($value, true)
                    . '; write a time with a zone, such as +05:30 or Z');
            }}
            $time = date_create_immutable($value);
            $wrong = date_get_last_errors();
            if ($time === false || ($wrong !== false && $wrong['warning_count'] > 0)) {{
                throw new InvalidArgumentException("ordered_at is $value, which no calendar has");
            }}
            $value = $time;
        }}
        return $value->getTimestamp() * 1000000 + (int) $value->format('u');
    }}

    private static function major(int $amount): string
    {{
        $text = str_pad((string) $amount, self::DECIMALS + 1, '0', STR_PAD_LEFT);
        return self::DECIMALS === 0 ? $text : substr($text, 0, -self::DECIMALS) . '.' . substr($text, -self::DECIMALS);
    }}
}}
"""


def print_php(program: Program, *, leave_out: Collection[str] = ()) -> str:
    """Write the program as a PHP class with ``quote`` (major units) and ``redeem`` (whole minor units)."""
    calculator = calculator_of(program, leave_out=leave_out)
    refuse_beyond_64_bits(calculator)
    lets = []
    for one in calculator.lets:
        lets += [f"        // {one.note}"] if one.note else []
        lets.append(f"        ${one.name} = {GRAMMAR.write(one.value)};")
    results = {name: GRAMMAR.write(calculator.results[name]) for name in RESULTS}
    return _FILE.format(
        heading=heading(program, "It runs on any PHP from 8.0 of 64 bits, and needs nothing else."),
        decimals=program.decimals,
        money=MAX_MINOR,
        points=MAX_POINTS,
        left_out=", ".join(map(_text, sorted(leave_out))),
        lets="\n".join(lets),
        results="\n".join(f"            '{name}' => {text}," for name, text in results.items()),
    )
