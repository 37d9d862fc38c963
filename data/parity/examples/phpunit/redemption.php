<?php
// One point is one rupee, at most 1000 off, the customer pays at least 100: in paise and points, whole numbers.
function paise(string $amount): int
{
    [$rupees, $behind] = explode('.', $amount . '.', 3);
    return intval($rupees) * 100 + intval(str_pad(substr($behind, 0, 2), 2, '0'));
}

function redeem(array $order): array
{
    $cart = paise($order['cart_amount']);
    $left = $cart - min($cart, paise($order['credits'] ?? '0'));
    $eligible = min($left, paise($order['eligible_amount'] ?? $order['cart_amount']));
    $asked = min($order['points_balance'], $order['points_requested'] ?? PHP_INT_MAX);
    $points = min($asked, intdiv($eligible, 100), 1000, intdiv(max(0, $left - 10000), 100));
    return ['points_redeemed' => $points, 'discount' => $points * 100, 'payable' => $left - $points * 100];
}
