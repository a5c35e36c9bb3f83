// Where a registry's servers are, and where on them this cluster has its place.

import { OperationError } from "../model/operation-error.ts";

export interface ServerAddress {
  /** `host:port,host:port`. */
  readonly servers: string;
  readonly root: string;
}

/** `connect`: `host:port,host:port/path`; without a path everything is kept at `/porpoise`. `of`: whose address, for people. */
export function parseServerAddress(connect: string, of: string): ServerAddress {
  const slash = connect.indexOf("/");
  const [servers, path] =
    slash < 0 ? [connect, ""] : [connect.slice(0, slash), connect.slice(slash).replace(/\/+$/, "")];
  if (!/^[^\s,:/]+:\d+(,[^\s,:/]+:\d+)*$/.test(servers)) {
    throw new OperationError("invalid", `${of}'s address is \`${connect}\`, \`host:port,host:port\` was expected`);
  }
  return { servers, root: path === "" ? "/porpoise" : path };
}
