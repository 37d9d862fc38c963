<?php
// The same cases without PHPUnit.
require __DIR__ . '/redemption.php';

$wrong = 0;
foreach (file(__DIR__ . '/../cases.jsonl') as $line) {
    $case = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
    $answer = NectorRedemption::quote($case['order']);
    if (array_intersect_key($answer, $case['expect']) != $case['expect']) {
        echo "{$case['name']} differs\n";
        $wrong++;
    }
}
exit($wrong ? 1 : 0);
