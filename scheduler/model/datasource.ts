// A database that `sql` and `procedure` tasks speak to, with all that it takes to connect.

export const datasourceKinds = ["mysql", "postgresql", "sqlite"] as const;
export type DatasourceKind = (typeof datasourceKinds)[number];

export interface DatasourceConnection {
  readonly name: string;
  /** Which cluster asks: two may use the same data source, each with instances of the same numbers. */
  readonly cluster: string;
  readonly kind: DatasourceKind;
  /** Empty for sqlite. */
  readonly host: string;
  readonly port: number;
  /** The database's name; of sqlite the file on the worker. */
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Options of the driver, as text. */
  readonly options: { readonly [name: string]: string };
}
