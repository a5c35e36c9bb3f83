// Environments, groups, data sources, alert groups, project params: what a server is given by its people.

import type { AlertChannel } from "../../model/alert.ts";
import type { DatasourceKind } from "../../model/datasource.ts";
import { OperationError } from "../../model/operation-error.ts";
import type { Cipher } from "../../store/encryption.ts";
import {
  alertGroups,
  datasources,
  environments,
  projectParams,
  taskGroups,
  workerGroups,
} from "../../store/resources.ts";
import {
  alertGroupSchema,
  datasourceSchema,
  datasourceShape,
  environmentSchema,
  projectParamSchema,
  taskGroupSchema,
  workerGroupSchema,
} from "../resource-contract.ts";
import type { Route } from "../route.ts";
import type { RouteDeps } from "./deps.ts";
import { type ResourceKind, resourceRoutes } from "./resource-routes.ts";

/** Without a secret in it, nothing is sealed: the thing stands as it was given. */
const asGiven = <T>(given: T): T => given;

export function resourcesRoutes({ database, cipher }: RouteDeps): readonly Route[] {
  return [
    ...resourceRoutes(database, {
      path: "/environments",
      word: "environment",
      table: environments,
      role: "admin",
      given: environmentSchema,
      shape: environmentSchema,
      store: asGiven,
      show: asGiven,
    }),
    ...resourceRoutes(database, {
      path: "/worker-groups",
      word: "worker group",
      table: workerGroups,
      role: "admin",
      given: workerGroupSchema,
      shape: workerGroupSchema,
      store: asGiven,
      show: asGiven,
    }),
    ...resourceRoutes(database, {
      path: "/task-groups",
      word: "task group",
      table: taskGroups,
      role: "admin",
      given: taskGroupSchema,
      shape: taskGroupSchema,
      store: asGiven,
      show: asGiven,
    }),
    ...resourceRoutes(database, datasourceKind(cipher)),
    ...resourceRoutes(database, alertGroupKind(cipher)),
    ...resourceRoutes(database, {
      path: "/projects/{p}/params",
      word: "project param",
      table: projectParams,
      role: "author",
      given: projectParamSchema,
      shape: projectParamSchema,
      store: (given, _before, { params }) => ({ ...given, project: params["p"] ?? "" }),
      show: ({ name, value }) => ({ name, value }),
    }),
  ];
}

type Kind<Given extends { readonly name: string }, Table> = Table extends {
  readonly read: (row: never) => infer Stored extends { readonly name: string };
}
  ? ResourceKind<Given, Stored>
  : never;

const usualPort: { readonly [kind in DatasourceKind]: number } = {
  mysql: 3306,
  postgresql: 5432,
  sqlite: 0,
  flink: 8081,
};

const datasourceKind = (cipher: Cipher) =>
  ({
    path: "/datasources",
    word: "data source",
    table: datasources,
    role: "admin",
    given: datasourceSchema,
    shape: datasourceShape,
    store: ({ password, ...given }, before) => {
      if (given.kind !== "sqlite" && given.host === "") {
        throw new OperationError("invalid", `body.host is empty: a data source of kind ${given.kind} needs one`);
      }
      if (given.kind !== "flink" && given.database === "") {
        throw new OperationError("invalid", `body.database is empty: a data source of kind ${given.kind} needs one`);
      }
      const kept = before?.sealedPassword ?? "";
      return {
        ...given,
        port: given.port === 0 ? usualPort[given.kind] : given.port,
        sealedPassword: password === undefined ? kept : password === "" ? "" : cipher.seal(password),
      };
    },
    show: ({ sealedPassword, ...shown }) => ({ ...shown, hasPassword: sealedPassword !== "" }),
  }) satisfies Kind<ReturnType<typeof datasourceSchema.parse>, typeof datasources>;

const alertGroupKind = (cipher: Cipher) =>
  ({
    path: "/alert-groups",
    word: "alert group",
    table: alertGroups,
    role: "admin",
    given: alertGroupSchema,
    shape: alertGroupSchema,
    store: ({ name, description, channels }) => ({
      name,
      description,
      sealedChannels: cipher.seal(JSON.stringify(channels)),
    }),
    show: ({ name, description, sealedChannels }) => ({
      name,
      description,
      channels: (JSON.parse(cipher.open(sealedChannels)) as readonly AlertChannel[]).map(withoutSecrets), // sealed just above
    }),
  }) satisfies Kind<ReturnType<typeof alertGroupSchema.parse>, typeof alertGroups>;

/** Addresses of webhooks let whoever knows them write there; what goes in their headers is a secret by its nature. */
function withoutSecrets(channel: AlertChannel): AlertChannel {
  if (channel.kind === "mail") return channel;
  const headers = Object.fromEntries(Object.keys(channel.headers).map((name) => [name, "***"]));
  return { ...channel, url: `${new URL(channel.url).origin}/***`, headers };
}
