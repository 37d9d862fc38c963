<?php
require_once __DIR__ . '/redemption.php';

use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

final class CheckoutTest extends TestCase
{
    public static function cases(): iterable
    {
        foreach (file(__DIR__ . '/../cases.jsonl') as $line) {
            $case = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
            yield $case['name'] => [$case['order'], $case['expect']];
        }
    }

    /** @dataProvider cases */ // PHPUnit 9
    #[DataProvider('cases')] // PHPUnit 10 and later
    public function testCheckout(array $order, array $expect): void
    {
        $answer = NectorRedemption::quote($order);
        $this->assertSame($expect['points_redeemed'], $answer['points_redeemed']);
        $this->assertSame((float) $expect['discount'], (float) $answer['discount']);
        $this->assertSame((float) $expect['payable'], (float) $answer['payable']);
    }
}
