import assert from "node:assert/strict";
import { test } from "node:test";
import { isPassing } from "../../scheduler/store/database.ts";

/** As knex gives it: the statement with its values comes before what the server said. */
const answered = (code: string | undefined, message: string, fatal = false): Error =>
  Object.assign(
    new Error(`insert into task_instance (reason) values ('connection refused by the pool') - ${message}`),
    {
      fatal,
      ...(code ? { code } : {}),
    },
  );

test("a row that can never be written is not tried again because its text speaks of a connection", () => {
  assert.equal(isPassing(answered("ER_DATA_TOO_LONG", "Data too long for column 'reason' at row 1")), false);
  assert.equal(isPassing(answered(undefined, "cannot be written")), false);
});
test("a server that is away, frozen, full or read-only is waited for", () => {
  assert.equal(isPassing(answered("PROTOCOL_CONNECTION_LOST", "Connection lost", true)), true);
  assert.equal(isPassing(answered("PROTOCOL_SEQUENCE_TIMEOUT", "Query inactivity timeout")), true);
  assert.equal(isPassing(answered("ER_DISK_FULL", "Disk full")), true);
  assert.equal(isPassing(answered("ER_OPTION_PREVENTS_STATEMENT", "running with --read-only")), true);
  assert.equal(isPassing(answered(undefined, "Can't add new command when connection is in closed state", true)), true);
});
