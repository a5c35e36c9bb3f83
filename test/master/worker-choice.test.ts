import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Candidate, workerChoice } from "../../scheduler/master/worker-choice.ts";
import { incarnation } from "../../scheduler/model/ids.ts";
import { seededRandom } from "../support/seeded-random.ts";

const worker = (name: string, more: Partial<Candidate> = {}): Candidate => ({
  worker: incarnation(name, "1"),
  slots: 10,
  used: 0,
  cpu: 0,
  memory: 0,
  ...more,
});
const random = seededRandom(7);

describe("the choice of a worker", () => {
  test("falls on the one with most free slots, then on the less busy host", () => {
    const choose = workerChoice("least_loaded", () => 0);
    assert.equal(choose([worker("a", { used: 0.5 }), worker("b", { used: 0.4 })]), "b#1");
    assert.equal(choose([worker("a", { cpu: 0.9 }), worker("b", { cpu: 0.1 })]), "b#1");
    assert.equal(choose([worker("a", { cpu: 1, memory: 1 }), worker("b", { used: 0.3 })]), "b#1");
    assert.equal(choose([worker("a", { cpu: 1 }), worker("b", { used: 0.9 })]), "a#1");
    assert.equal(choose([]), undefined);
  });
  test("goes round", () => {
    const choose = workerChoice("round_robin", () => 0);
    const all = [worker("b"), worker("a"), worker("c")];
    assert.deepEqual([choose(all), choose(all), choose(all.slice(1)), choose(all)], ["a#1", "b#1", "c#1", "a#1"]);
  });
  test("by chance falls on all, weighted on those with more room more often", () => {
    const count = (choice: "random" | "weighted"): number => {
      const choose = workerChoice(choice, () => random(1000) / 1000);
      const all = [worker("a", { used: 0.8 }), worker("b", { slots: 20, used: 0.7 })];
      return Array.from({ length: 1000 }, () => choose(all)).filter((one) => one === "b#1").length;
    };
    assert.ok(Math.abs(count("random") - 500) < 80);
    assert.ok(Math.abs(count("weighted") - 750) < 80);
  });
});
