import { after, before } from "node:test";
import { semantics } from "../engine/semantics.ts";
import { type MariadbServer, startMariadb } from "../support/servers/mariadb.ts";

let server: MariadbServer;
before(async () => {
  server = await startMariadb();
});
after(() => server?.stop());

semantics("MariaDB", async () => {
  const { host, port, user, password } = server;
  return { type: "mysql", host, port, user, password, database: await server.createDatabase("engine") };
});
