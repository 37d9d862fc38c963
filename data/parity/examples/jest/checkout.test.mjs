// Each case of the suite as a test of its own, in Jest.
import { readFileSync } from "node:fs";
import { quote } from "../node/redemption.mjs";

const lines = readFileSync(new URL("../cases.jsonl", import.meta.url), "utf8").trim().split("\n");
const cases = lines.map((line) => JSON.parse(line)).map(({ name, order, expect: expected }) => [name, order, expected]);

test.each(cases)("%s", (name, order, expected) => {
  const answer = quote(order);
  expect(answer.points_redeemed).toBe(expected.points_redeemed);
  expect(Number(answer.discount)).toBe(Number(expected.discount));
  expect(Number(answer.payable)).toBe(Number(expected.payable));
});
