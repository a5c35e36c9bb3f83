import { after, before } from "node:test";
import { failover } from "../engine/failover.ts";
import { semantics } from "../engine/semantics.ts";
import { upgrades } from "../store/upgrade.ts";
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

semantics("MariaDB", settings("semantics"));
failover("MariaDB", settings("failover"));

let upgraded = 0;
upgrades("MariaDB", () => {
  upgraded += 1;
  return settings(`upgrade_${upgraded}`)();
});
