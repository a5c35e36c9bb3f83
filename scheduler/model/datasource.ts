// What tasks speak to, with all that it takes to connect: databases of `sql` and `procedure`, clusters of `flink`.

export const databaseKinds = ["mysql", "postgresql", "sqlite"] as const;
export type DatabaseKind = (typeof databaseKinds)[number];

export const datasourceKinds = [...databaseKinds, "flink"] as const;
export type DatasourceKind = (typeof datasourceKinds)[number];

export const isDatabase = (kind: DatasourceKind): kind is DatabaseKind => databaseKinds.some((one) => one === kind);

export interface DatasourceConnection {
  readonly name: string;
  /** Which cluster asks: two may use the same data source, each with instances of the same numbers. */
  readonly cluster: string;
  readonly kind: DatasourceKind;
  /** Empty for sqlite. */
  readonly host: string;
  readonly port: number;
  /** The database's name; of sqlite the file on the worker, of flink empty. */
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Options of the driver, as text; of flink `tls` (`true`) and `path` (what stands before the paths of its REST API). */
  readonly options: { readonly [name: string]: string };
}
