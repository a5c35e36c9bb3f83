// biome-ignore-all lint/suspicious/noTemplateCurlyInString: lines of logs hold what looks like placeholders

import assert from "node:assert/strict";
import { test } from "node:test";
import { outputScanner } from "../../scheduler/worker/outputs.ts";

test("a declared output is taken from its line, the last one counts", () => {
  assert.deepEqual(scan(["a", "b"], "x\n${setValue(a=1)}\n#{setValue(b=two words)}\n${setValue(a=3)}\n"), {
    a: "3",
    b: "two words",
  });
});

test("what is not declared or not well-formed is passed over", () => {
  assert.deepEqual(
    scan(["a"], "${setValue(b=1)}\n${setValue(a)}\n${setValue(=1)}\n${setValue(a=1\nsetValue(a=2)}\n"),
    {},
  );
});

test("a value may hold brackets, equals signs and nothing", () => {
  assert.deepEqual(scan(["a", "b", "c"], "${setValue(a=f(x)=y)}\n${setValue(b=)}\n${setValue(c={(1)})}"), {
    a: "f(x)=y",
    b: "",
    c: "{(1)}",
  });
});

test("two on a line, quoted or after a prefix, are found", () => {
  assert.deepEqual(scan(["a", "b"], "INFO: '${setValue(a=1)}' and ${setValue(b=2)}; done\r\n"), { a: "1", b: "2" });
});

test("any cut of the bytes gives the same outputs", () => {
  const log = "ä\n${setValue(a=ü€😀)}\nxx#{setValue(b=2)}\n\xff\n${setValue(c=last)}";
  const bytes = Buffer.from(log);
  for (let size = 1; size < 12; size += 1) {
    const scanner = outputScanner(["a", "b", "c"]);
    for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
    scanner.end();
    assert.deepEqual(scanner.values(), { a: "ü€😀", b: "2", c: "last" });
  }
});

test("bytes that are no text and a line of ten megabytes do no harm", () => {
  const scanner = outputScanner(["a", "b"]);
  scanner.push(Buffer.from([0xff, 0xfe, 0, 10]));
  const long = Buffer.alloc(1_000_000, "x");
  for (let part = 0; part < 10; part += 1) scanner.push(long);
  scanner.push(Buffer.from("${setValue(a=behind)}\n${setValue(b=next)}\n"));
  scanner.end();
  assert.deepEqual(scanner.values(), { a: "behind", b: "next" });
});

function scan(declared: readonly string[], log: string): object {
  const scanner = outputScanner(declared);
  scanner.push(Buffer.from(log));
  scanner.end();
  return scanner.values();
}
