import { after, before } from "node:test";
import { retention } from "../api/retention.ts";
import { commands } from "../engine/commands.ts";
import { logic } from "../engine/logic.ts";
import { trees } from "../engine/trees.ts";
import { type MariadbServer, startMariadb } from "../support/servers/mariadb.ts";

let server: MariadbServer;
before(async () => {
  server = await startMariadb();
});
after(() => server?.stop());

const settings = (name: string) => async () => {
  const { host, port, user, password } = server;
  return { type: "mysql" as const, host, port, user, password, database: await server.createDatabase(name) };
};

logic("MariaDB", settings("logic"));
commands("MariaDB", settings("commands"));
trees("MariaDB", settings("trees"));
retention("MariaDB", settings("retention"));
