// Each case of the suite as a test of its own.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { quote } from "./redemption.mjs";

const lines = readFileSync(new URL("../cases.jsonl", import.meta.url), "utf8").trim().split("\n");
for (const { name, order, expect } of lines.map((line) => JSON.parse(line))) {
  test(name, () => {
    const answer = quote(order);
    assert.strictEqual(answer.points_redeemed, expect.points_redeemed);
    assert.strictEqual(Number(answer.discount), Number(expect.discount));
    assert.strictEqual(Number(answer.payable), Number(expect.payable));
  });
}
