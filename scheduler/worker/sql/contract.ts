// A database as a SQL task sees it: one file a kind. Rows come as they arrive, so that a large answer needs no memory.

import type { DatabaseKind, DatasourceConnection } from "../../model/datasource.ts";

export interface SqlSession {
  /**
   * Takes the name for as long as the session lives. Where an earlier attempt's session still has it (its process was killed, its
   * statement runs on), that one is ended on the server first. False: it could not be ended within `limitMs`.
   */
  own(name: string, limitMs: number): Promise<boolean>;
  /** Runs all statements of the text, one after the other; `values` are bound to the `?`s of a single statement. */
  run(text: string, values: readonly SqlValue[], sink: ResultSink): Promise<void>;
  /** Ends on the server what runs there now. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

export type SqlValue = string | number | boolean | null;

/** Hears of each statement's result in turn: columns, rows, end; or the end alone. */
export interface ResultSink {
  columns(names: readonly string[]): void;
  row(values: readonly unknown[]): void;
  /** `changed`: rows that were written; undefined where the database does not say. */
  end(changed: number | undefined): void;
}

/** A data source that is a database. */
export type DatabaseConnection = DatasourceConnection & { readonly kind: DatabaseKind };

export type OpenSession = (connection: DatabaseConnection) => Promise<SqlSession>;

/** What the process is told, in a file that it reads and removes. */
export interface SqlRequest {
  /** The same for all attempts of one task instance, and for nothing else. */
  readonly lock: string;
  readonly connection: DatabaseConnection;
  readonly statements: readonly { readonly text: string; readonly values: readonly SqlValue[] }[];
  /** Where it writes what the last result with rows published: JSON of `SqlPublished`. */
  readonly resultFile: string;
  /** `out`s by column name; of those marked `list` all rows' values, of others the first row's. */
  readonly outputs: readonly { readonly name: string; readonly isList: boolean }[];
}

export type SqlPublished = { readonly [name: string]: string };

export const connectLimitMs = 15_000;
