<?php
// The same cases without PHPUnit.
require __DIR__ . '/redemption.php';

$wrong = 0;
foreach (file(__DIR__ . '/../cases.jsonl') as $line) {
    $case = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
    $expect = $case['expect'];
    $amounts = ['discount' => paise($expect['discount']), 'payable' => paise($expect['payable'])];
    if (redeem($case['order']) != ['points_redeemed' => $expect['points_redeemed']] + $amounts) {
        echo "{$case['name']} differs\n";
        $wrong++;
    }
}
exit($wrong ? 1 : 0);
