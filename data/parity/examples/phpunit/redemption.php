<?php
/* Redemption of points at the checkout: 'Default at GoKwik', in INR. Written by nector-sim export from
the redemption law (data/law/redemption.md), whose steps and sections the comments name. Do not
edit; export again. It runs on any PHP from 8.0 of 64 bits, and needs nothing else. */

declare(strict_types=1);

final class NectorRedemption
{
    public const DECIMALS = 2;
    public const LARGEST_AMOUNT = 900000000000; // minor units
    public const MOST_POINTS = 1000000000000;
    public const LEFT_OUT = []; // what orders never have
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
    ): array {
        // step 2: credits first, at most the cart
        $credits_used = min($credits, $cart);
        // step 2: what credits leave
        $left_to_pay = $cart - $credits_used;
        // section 1: left out, points may pay all of the cart
        $eligible_part = ($eligible === null) ? $cart : $eligible;
        // step 4: what of it is left to pay
        $left_eligible = min($left_to_pay, $eligible_part);
        // steps 1 and 4: what the minimum payable leaves for points
        $room = max($left_to_pay - 10000, 0);
        // step 8: no request asks for as much as allowed
        $asked = ($requested === null) ? 1000000000001 : $requested;
        // step 4: what is left to pay
        $o0_by_cart = intdiv($left_eligible, 100);
        // step 4: the minimum payable
        $o0_by_room = intdiv($room, 100);
        // step 4
        $o0_steps = min($balance, $asked, $o0_by_cart, $o0_by_room, 1000);
        // section 5: the first limit that holds
        $o0_limit = ($balance === $o0_steps) ? 'balance' : (($asked === $o0_steps) ? 'requested' : (($o0_by_cart === $o0_steps) ? 'cart' : ((1000 === $o0_steps) ? 'max_discount' : 'min_payable')));
        // step 6: n steps
        $o0_gives = $o0_steps * 100;
        // section 4: this offer is used
        $o0_wins = 0 < $o0_gives;
        // section 4
        $offer = $o0_wins ? 'offers.0' : '';
        // step 6
        $payable = $left_to_pay - $o0_gives;
        return [
            'offer' => $offer,
            'points_redeemed' => $o0_steps,
            'discount' => $o0_gives,
            'payable' => $payable,
            'limited_by' => $o0_limit,
            'credits_used' => $credits_used,
        ];
    }

    /**
     * Work out one order, fields by name: money in major units, as text or numbers in, as text out.
     * `ordered_at` is a DateTimeInterface, or ISO 8601 text with a zone.
     */
    public static function quote(array $order): array
    {
        foreach ($order as $name => $value) {
            if (!in_array($name, self::FIELDS, true)) {
                throw new InvalidArgumentException("$name is not a field of an order");
            }
            if (in_array($name, self::LEFT_OUT, true) && !self::isBlank($value)) {
                throw new InvalidArgumentException(
                    "$name is not read by this calculator; export it without --leave-out $name"
                );
            }
        }
        $given = $order + array_fill_keys(self::FIELDS, null);
        $minor = fn (string $name) => self::isBlank($given[$name]) ? null : self::minor($name, $given[$name]);
        $cart = self::minor('cart_amount', $given['cart_amount']);
        $eligible = $minor('eligible_amount');
        if ($eligible !== null && $eligible > $cart) {
            throw new InvalidArgumentException("eligible_amount is {$given['eligible_amount']}, above the cart");
        }
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
        foreach (['discount', 'payable', 'credits_used'] as $name) {
            $answer[$name] = self::major($answer[$name]);
        }
        return $answer;
    }

    private static function isBlank(mixed $value): bool
    {
        return $value === null || (is_float($value) && is_nan($value)) || (is_string($value) && trim($value) === '');
    }

    /** Sign, whole part and decimals of a number. */
    private static function digits(string $name, mixed $value): array
    {
        $text = match (true) {
            is_int($value) => (string) $value,
            is_float($value) => is_finite($value) ? sprintf('%.10F', $value) : '',
            is_string($value) => trim($value),
            default => '',
        };
        if (!preg_match('/^([+-]?)(\d+)(?:\.(\d*))?$/D', $text, $found)) {
            throw new InvalidArgumentException(
                "$name is " . var_export($value, true) . ', not a number such as 749.95'
            );
        }
        return [$found[1], ltrim($found[2], '0') ?: '0', $found[3] ?? ''];
    }

    private static function minor(string $name, mixed $value): int
    {
        [$sign, $whole, $behind] = self::digits($name, $value);
        $most = self::major(self::LARGEST_AMOUNT);
        if (strlen($whole) > 13 || ($sign === '-' && trim($whole . $behind, '0') !== '')) {
            throw new InvalidArgumentException("$name is $value; it must be from 0 to $most");
        }
        $amount = (int) ($whole . substr(str_pad($behind, self::DECIMALS, '0'), 0, self::DECIMALS));
        $exact = trim(substr($behind, self::DECIMALS), '0') === '';
        if (is_float($value)) {
            $amount = (int) round($value * 10 ** self::DECIMALS);
            $exact = abs($value - $amount / 10 ** self::DECIMALS) <= 1e-6;
        }
        if (!$exact) {
            throw new InvalidArgumentException("$name is $value, finer than " . self::DECIMALS . ' decimals');
        }
        if ($amount > self::LARGEST_AMOUNT) {
            throw new InvalidArgumentException("$name is $value; it must be from 0 to $most");
        }
        return $amount;
    }

    private static function points(string $name, mixed $value): int
    {
        [$sign, $whole, $behind] = self::digits($name, $value);
        if ($sign === '-') {
            return 0;
        }
        if (strlen($whole) > 13 || (int) $whole > self::MOST_POINTS
            || ((int) $whole === self::MOST_POINTS && trim($behind, '0') !== '')) {
            throw new InvalidArgumentException("$name is $value; it must be at most " . self::MOST_POINTS);
        }
        return (int) $whole;
    }

    private static function instant(mixed $value): int
    {
        if (!$value instanceof DateTimeInterface) {
            $pattern = '/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/D';
            if (!is_string($value) || !preg_match($pattern, $value)) {
                throw new InvalidArgumentException('ordered_at is ' . var_export($value, true)
                    . '; write a time with a zone, such as +05:30 or Z');
            }
            $time = date_create_immutable($value);
            $wrong = date_get_last_errors();
            if ($time === false || ($wrong !== false && $wrong['warning_count'] > 0)) {
                throw new InvalidArgumentException("ordered_at is $value, which no calendar has");
            }
            $value = $time;
        }
        return $value->getTimestamp() * 1000000 + (int) $value->format('u');
    }

    private static function major(int $amount): string
    {
        $text = str_pad((string) $amount, self::DECIMALS + 1, '0', STR_PAD_LEFT);
        return self::DECIMALS === 0 ? $text : substr($text, 0, -self::DECIMALS) . '.' . substr($text, -self::DECIMALS);
    }
}
