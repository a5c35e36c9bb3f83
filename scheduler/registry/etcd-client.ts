// What is asked of etcd, by its JSON gateway: keys and values are base64, numbers are strings. No answer in time from one
// server, and the next one is asked.

import { OperationError } from "../model/operation-error.ts";

export interface EtcdKey {
  readonly key: string;
  readonly value: string;
  readonly lease: string;
  /** Who was there first has the smaller one; written over, a key keeps it. */
  readonly createRevision: number;
}

export interface EtcdClient {
  /** Resolves to the lease's id. */
  grant(ttlSeconds: number): Promise<string>;
  /** False: it is over, or nobody knows of it. */
  keepAlive(lease: string): Promise<boolean>;
  revoke(lease: string): Promise<void>;
  /** The key goes with the lease. Rejects with `not_found` when that is over. */
  put(key: string, value: string, lease: string): Promise<void>;
  /** Only where it is there under this lease; tells whether it was. */
  replace(key: string, value: string, lease: string): Promise<boolean>;
  remove(key: string): Promise<void>;
  /** All that begins so, by the leader's word, in the order of creation. */
  list(prefix: string): Promise<readonly EtcdKey[]>;
  /** Calls with each key that changes below, and once when it listens; resolves when the stream has ended. */
  watch(prefix: string, onChange: (key: string | undefined) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface EtcdClientDeps {
  /** `host:port,host:port`. */
  readonly servers: string;
  /** How long one server may take to answer. */
  readonly limitMs: number;
}

interface Kv {
  readonly key: string;
  readonly value?: string;
  readonly lease?: string;
  readonly create_revision: string;
}

export function etcdClient({ servers, limitMs }: EtcdClientDeps): EtcdClient {
  const urls = servers.split(",").map((server) => `http://${server}`);
  const closing = new AbortController();
  let at = 0;

  const post = async (path: string, body: object, signal: AbortSignal): Promise<Response> => {
    const url = urls[at % urls.length] ?? "";
    try {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, closing.signal]),
      });
      if (response.ok) return response;
      throw refusal(response.status, await response.text());
    } catch (cause) {
      if (cause instanceof OperationError && cause.code !== "unavailable") throw cause;
      at += 1; // another one next time
      if (cause instanceof OperationError) throw cause;
      throw new OperationError("unavailable", `etcd at ${url} does not answer: ${reasonOf(cause)}`, { cause });
    }
  };
  const ask = async <T>(path: string, body: object): Promise<T> => {
    const response = await post(path, body, AbortSignal.timeout(Math.round(limitMs)));
    return (await response.json().catch((cause: unknown) => {
      throw new OperationError("unavailable", `etcd's answer broke off: ${reasonOf(cause)}`, { cause });
    })) as T; // as its API says
  };

  return {
    grant: async (ttlSeconds) =>
      (await ask<{ readonly ID: string }>("/v3/lease/grant", { TTL: String(ttlSeconds) })).ID,
    keepAlive: async (lease) => {
      const { result } = await ask<{ readonly result?: { readonly TTL?: string } }>("/v3/lease/keepalive", {
        ID: lease,
      });
      return Number(result?.TTL ?? 0) > 0;
    },
    revoke: async (lease) => void (await ask("/v3/lease/revoke", { ID: lease })),
    put: async (key, value, lease) => void (await ask("/v3/kv/put", { key: encode(key), value: encode(value), lease })),
    replace: async (key, value, lease) => {
      const { succeeded } = await ask<{ readonly succeeded?: boolean }>("/v3/kv/txn", {
        compare: [{ key: encode(key), target: "LEASE", result: "EQUAL", lease }],
        success: [{ request_put: { key: encode(key), value: encode(value), lease } }],
      });
      return succeeded === true;
    },
    remove: async (key) => void (await ask("/v3/kv/deleterange", { key: encode(key) })),
    list: async (prefix) => {
      const { kvs = [] } = await ask<{ readonly kvs?: readonly Kv[] }>("/v3/kv/range", {
        ...below(prefix),
        sort_order: "ASCEND",
        sort_target: "CREATE",
      });
      return kvs.map(({ key, value = "", lease = "0", create_revision }) => ({
        key: decode(key),
        value: decode(value),
        lease,
        createRevision: Number(create_revision),
      }));
    },
    watch: async (prefix, onChange, signal) => {
      const response = await post("/v3/watch", { create_request: below(prefix) }, signal);
      let rest = "";
      const decoder = new TextDecoder();
      try {
        for await (const bytes of response.body ?? []) {
          rest += decoder.decode(bytes, { stream: true });
          const lines = rest.split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) for (const key of changed(line)) onChange(key);
        }
      } catch (cause) {
        throw new OperationError("unavailable", `etcd's watch broke off: ${reasonOf(cause)}`, { cause });
      }
    },
    close: () => closing.abort(),
  };
}

interface WatchLine {
  readonly result?: {
    readonly created?: boolean;
    readonly canceled?: boolean;
    readonly events?: readonly { readonly kv: { readonly key: string } }[];
  };
}

function changed(line: string): readonly (string | undefined)[] {
  const { result } = JSON.parse(line) as WatchLine; // as its API says
  if (result?.canceled === true) throw new Error("etcd has ended it");
  return result?.created === true ? [undefined] : (result?.events ?? []).map(({ kv }) => decode(kv.key));
}

const encode = (text: string): string => Buffer.from(text).toString("base64");
const decode = (text: string): string => Buffer.from(text, "base64").toString("utf8");

/** The range of all keys that begin so: up to the prefix with its last byte one higher. Ours end in `/`. */
function below(prefix: string): { readonly key: string; readonly range_end: string } {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return { key: encode(prefix), range_end: end.toString("base64") };
}

function refusal(status: number, body: string): OperationError {
  const text = body.slice(0, 300);
  // `requested lease not found` comes as 404; without a leader, or while one is chosen, it is 5xx.
  if (status === 404) return new OperationError("not_found", `etcd: ${text}`);
  if (status >= 500 || status === 429) return new OperationError("unavailable", `etcd: ${text}`);
  return new OperationError("refused", `etcd refused with status ${status}: ${text}`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
