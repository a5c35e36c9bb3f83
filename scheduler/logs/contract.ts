// Where the output of attempts is kept: what every log store promises. Offsets are bytes of one attempt's log.

import type { TaskInstanceId, WorkflowInstanceId } from "../model/ids.ts";

export interface LogKey {
  readonly taskInstance: TaskInstanceId;
  readonly attempt: number;
}

export interface LogRead {
  /** Where `bytes` starts. */
  readonly offset: number;
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
  /** True when the attempt's log is complete and `nextOffset` is its end. */
  readonly ended: boolean;
}

export interface LogStore {
  /**
   * Appends at `offset`. Bytes that are already there are passed over (a chunk sent twice does no harm); a gap is refused:
   * the answer is the end of the log, from where the sender goes on. `isLast`: behind these bytes the log has ended, where
   * all of it is there.
   */
  append(key: LogKey, offset: number, bytes: Uint8Array, isLast?: boolean): Promise<{ readonly end: number }>;
  /** Says that nothing more will come. Repeatable. */
  end(key: LogKey): Promise<void>;
  /** At most `limit` bytes from `offset`; an attempt without a log reads as empty and not ended. */
  read(key: LogKey, offset: number, limit: number): Promise<LogRead>;
  /** Resolves when there is something past `offset`, the log has ended, `timeoutMs` is over or the signal fires. */
  changed(key: LogKey, offset: number, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Takes away the logs of all attempts of an instance that is forgotten. Repeatable. */
  remove(instance: WorkflowInstanceId): Promise<void>;
  /** Of which instances there are logs, in no order. */
  instances(): AsyncIterable<WorkflowInstanceId>;
  close(): Promise<void>;
}
