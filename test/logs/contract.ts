// What every log store promises; run on each implementation.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { LogKey, LogRead, LogStore } from "../../scheduler/logs/contract.ts";
import { taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { OperationError } from "../../scheduler/model/operation-error.ts";

/** `reopen` closes the store and opens another one on the same data. */
export interface StoreUnderTest {
  readonly store: LogStore;
  reopen(): Promise<LogStore>;
}

export function logStoreContract(name: string, make: (t: TestContext) => Promise<StoreUnderTest>): void {
  test(`${name}: what was appended is read back, from any offset`, async (t) => {
    const { store } = await make(t);
    assert.deepEqual(await store.append(key(), 0, bytes("one\n")), { end: 4 });
    assert.deepEqual(await store.append(key(), 4, bytes("two\n")), { end: 8 });
    assert.equal(text(await store.read(key(), 0, 100)), "one\ntwo\n");
    assert.equal(text(await store.read(key(), 2, 4)), "e\ntw");
    const atEnd = await store.read(key(), 8, 100);
    assert.deepEqual([atEnd.nextOffset, atEnd.ended, atEnd.bytes.length], [8, false, 0]);
  });

  test(`${name}: logs of an instance that is removed are gone, those of others are not`, async (t) => {
    const { store } = await make(t);
    const other = { taskInstance: taskInstanceId(workflowInstanceId(99), 0), attempt: 1 };
    await store.append(other, 0, bytes("other"));
    await store.append(key(), 0, bytes("mine"));
    await store.end(key());
    const [instance = ""] = key().taskInstance.split(".");
    await store.remove(workflowInstanceId(instance));
    await store.remove(workflowInstanceId(instance));
    assert.equal(text(await store.read(key(), 0, 100)), "");
    assert.equal(text(await store.read(other, 0, 100)), "other");
  });

  test(`${name}: bytes that are already there are passed over`, async (t) => {
    const { store } = await make(t);
    await store.append(key(), 0, bytes("abc"));
    assert.deepEqual(await store.append(key(), 0, bytes("abc")), { end: 3 });
    assert.deepEqual(await store.append(key(), 1, bytes("bcde")), { end: 5 });
    assert.equal(text(await store.read(key(), 0, 100)), "abcde");
  });

  test(`${name}: a gap is refused with the end of the log`, async (t) => {
    const { store } = await make(t);
    await store.append(key(), 0, bytes("abc"));
    assert.deepEqual(await store.append(key(), 10, bytes("xyz")), { end: 3 });
    assert.deepEqual(await store.append(key(2), 10, bytes("xyz")), { end: 0 });
    assert.equal(text(await store.read(key(), 0, 100)), "abc");
  });

  test(`${name}: an attempt without a log reads as empty and not ended`, async (t) => {
    const { store } = await make(t);
    const read = await store.read(key(), 0, 100);
    assert.deepEqual([read.bytes.length, read.nextOffset, read.ended], [0, 0, false]);
  });

  test(`${name}: a log has ended where it was said, only at its last byte, for good, and repeatably`, async (t) => {
    const under = await make(t);
    await under.store.append(key(), 0, bytes("abcdef"));
    await under.store.end(key());
    await under.store.end(key());
    assert.equal((await under.store.read(key(), 0, 3)).ended, false);
    assert.equal((await under.store.read(key(), 3, 3)).ended, true);
    assert.deepEqual(await under.store.append(key(), 6, bytes("late")), { end: 6 });
    const store = await under.reopen();
    const read = await store.read(key(), 0, 100);
    assert.deepEqual([text(read), read.ended], ["abcdef", true]);
    await store.end(key(2));
    const empty = await store.read(key(2), 0, 100);
    assert.deepEqual([empty.bytes.length, empty.ended], [0, true]);
  });

  test(`${name}: bytes that are the last ones end a log, once all before them are there`, async (t) => {
    const under = await make(t);
    assert.deepEqual(await under.store.append(key(), 0, bytes("whole"), true), { end: 5 });
    assert.deepEqual(await under.store.append(key(), 0, bytes("whole"), true), { end: 5 });
    assert.deepEqual(await under.store.append(key(2), 3, bytes("def"), true), { end: 0 });
    await under.store.append(key(3), 0, bytes("abc"));
    assert.deepEqual(await under.store.append(key(3), 0, bytes("abcdef"), true), { end: 6 });
    assert.deepEqual(await under.store.append(key(4), 0, bytes(""), true), { end: 0 });
    const seen = async (store: LogStore) => {
      const reads = await Promise.all([1, 2, 3, 4].map((attempt) => store.read(key(attempt), 0, 100)));
      return reads.map((read) => [text(read), read.ended]);
    };
    const all = [
      ["whole", true],
      ["", false],
      ["abcdef", true],
      ["", true],
    ];
    assert.deepEqual(await seen(under.store), all);
    const store = await under.reopen();
    assert.deepEqual(await store.append(key(), 0, bytes("whole"), true), { end: 5 });
    assert.deepEqual(await seen(store), all);
  });

  test(`${name}: who waits for a log hears of one that comes in one piece`, async (t) => {
    const { store } = await make(t);
    const heard = store.changed(key(), 0, 60_000, new AbortController().signal);
    await store.append(key(), 0, bytes("x"), true);
    await heard;
  });

  test(`${name}: tells of which instances there are logs`, async (t) => {
    const { store } = await make(t);
    const instances = async () => {
      const found: string[] = [];
      for await (const id of store.instances()) found.push(id);
      return found.sort();
    };
    assert.deepEqual(await instances(), []);
    for (const id of [12, 7]) {
      await store.append({ taskInstance: taskInstanceId(workflowInstanceId(id), 0), attempt: 1 }, 0, bytes("x"));
    }
    assert.deepEqual(await instances(), ["12", "7"]);
    await store.remove(workflowInstanceId(7));
    assert.deepEqual(await instances(), ["12"]);
  });

  test(`${name}: a log goes on after the store was reopened`, async (t) => {
    const under = await make(t);
    await under.store.append(key(), 0, bytes("one "));
    const store = await under.reopen();
    assert.deepEqual(await store.append(key(), 4, bytes("two")), { end: 7 });
    assert.equal(text(await store.read(key(), 0, 100)), "one two");
  });

  test(`${name}: bytes that are no text come back as they are`, async (t) => {
    const { store } = await make(t);
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.append(key(), 0, all);
    assert.deepEqual([...(await store.read(key(), 0, 1_000)).bytes], [...all]);
  });

  test(`${name}: who waits is woken by bytes, by the end, by the limit and by giving up`, async (t) => {
    const { store } = await make(t);
    const { signal } = new AbortController();
    const byBytes = store.changed(key(), 0, 60_000, signal);
    await store.append(key(), 0, bytes("x"));
    await byBytes;
    const byEnd = store.changed(key(), 1, 60_000, signal);
    await store.end(key());
    await byEnd;
    await store.changed(key(2), 0, 20, signal);
    const given = new AbortController();
    const givenUp = store.changed(key(2), 0, 60_000, given.signal);
    given.abort();
    await givenUp;
    await store.changed(key(2), 0, 60_000, AbortSignal.abort());
  });

  test(`${name}: two hundred logs written at once do not mix`, async (t) => {
    const { store } = await make(t);
    const keys = Array.from({ length: 200 }, (_, index) => key(index));
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        keys.map((one) => store.append(one, round * 5, bytes(String(one.attempt).padStart(4, "0").concat("\n")))),
      );
    }
    for (const one of keys) {
      assert.equal(text(await store.read(one, 0, 100)), `${String(one.attempt).padStart(4, "0")}\n`.repeat(3));
    }
  });

  test(`${name}: an id that is none is refused`, async (t) => {
    const { store } = await make(t);
    // The cast plays an id that came over the network.
    const wrong = { taskInstance: "../../etc" as LogKey["taskInstance"], attempt: 1 };
    await assert.rejects(
      store.read(wrong, 0, 1),
      (error) => error instanceof OperationError && error.code === "invalid",
    );
  });
}

const key = (attempt = 1): LogKey => ({ taskInstance: taskInstanceId(workflowInstanceId(7), 3), attempt });
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const text = (read: LogRead): string => Buffer.from(read.bytes).toString();
