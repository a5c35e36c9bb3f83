// What workers ask of an api over the wire: keep these log chunks, give me this file.

import type { LogStore } from "../logs/contract.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Database } from "../store/database.ts";
import { fileContent } from "../store/deployments.ts";
import type { Handlers } from "../wire/contract.ts";
import type { ApiRequests } from "../wire/messages.ts";

export function workerHandlers({ database, logs }: { readonly database: Database; readonly logs: LogStore }): Handlers {
  const keep = async (
    { chunks }: ApiRequests["logs"]["request"],
    bytes: Uint8Array,
  ): Promise<ApiRequests["logs"]["response"]> => {
    const ends: number[] = [];
    let at = 0;
    for (const { taskInstance, attempt, offset, length, ended } of chunks) {
      const key = { taskInstance, attempt };
      const { end } = await logs.append(key, offset, bytes.subarray(at, at + length));
      at += length;
      if (ended && end === offset + length) await logs.end(key);
      ends.push(end);
    }
    return { ends };
  };

  return {
    logs: async (message) => {
      const body: ApiRequests["logs"]["request"] = message.body;
      return { body: await keep(body, message.binary ?? new Uint8Array()) };
    },
    file: async (message) => {
      const { sha256 }: ApiRequests["file"]["request"] = message.body;
      const content = await fileContent(database, sha256);
      if (!content) throw new OperationError("not_found", `no deployed file has the sha256 ${sha256}`);
      return { body: { size: content.length }, binary: content };
    },
  };
}
