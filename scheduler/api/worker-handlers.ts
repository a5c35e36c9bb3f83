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
    let at = 0;
    // All at once: the store keeps the order of what belongs to one log.
    const ends = chunks.map(async ({ taskInstance, attempt, offset, length, ended }) => {
      const key = { taskInstance, attempt };
      const from = at;
      at += length;
      const { end } = await logs.append(key, offset, bytes.subarray(from, from + length), ended);
      return end;
    });
    return { ends: await Promise.all(ends) };
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
