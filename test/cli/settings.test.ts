import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { readSettings, withoutSecrets } from "../../scheduler/cli/settings.ts";

describe("settings of a server process", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "porpoise-settings-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return name;
  };

  test("have defaults that listen on loopback only", () => {
    const { api, worker } = readSettings(undefined, folder, {});
    assert.deepEqual([api.host, api.wireHost, worker.host], ["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  });
  test("come from the file, and an environment variable wins", () => {
    const name = file("a.json", JSON.stringify({ api: { port: 1, wirePort: 2 }, worker: { groups: ["gpu"] } }));
    const env = { PORPOISE_API_WIRE_PORT: "3", PORPOISE_WORKER_GROUPS: "a,b" };
    const { api, worker } = readSettings(name, folder, env);
    assert.deepEqual([api.port, api.wirePort, worker.groups], [1, 3, ["a", "b"]]);
  });
  test("are refused with the place of what is wrong", () => {
    assert.throws(() => readSettings(file("b.json", '{"worker": {"slots": 0}}'), folder, {}), /worker\.slots/);
    assert.throws(() => readSettings(file("c.json", '{"wroker": {}}'), folder, {}), /wroker/);
    assert.throws(() => readSettings(file("d.json", "{"), folder, {}), /d\.json is no JSON/);
    assert.throws(() => readSettings("none.json", folder, {}), /none\.json does not exist/);
  });
  test("are printed without what is secret", () => {
    const env = { PORPOISE_SECRET: "s3cret", PORPOISE_DATABASE_PASSWORD: "s3cret", PORPOISE_API_TOKEN: "s3cret" };
    assert.doesNotMatch(JSON.stringify(withoutSecrets(readSettings(undefined, folder, env))), /s3cret/);
  });
});
