// A member as a registry keeps it: its incarnation is part of a path, its data is JSON.

import { knownIncarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Member, MemberKind } from "./contract.ts";

export const memberName = ({ incarnation }: Member): string => encodeURIComponent(incarnation);
export const memberText = ({ data }: Pick<Member, "data">): string => JSON.stringify(data);

/** One that cannot be read is none, and said so. */
export function readMember(kind: MemberKind, name: string, text: string, log: Logger): readonly Member[] {
  try {
    return [{ kind, incarnation: knownIncarnation(decodeURIComponent(name)), data: JSON.parse(text) }];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ kind, name, reason }, "a member of the registry is not readable");
    return [];
  }
}
