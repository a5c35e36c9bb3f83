// knex on mysql2 with a deadline on every query: a frozen database must not hang whoever asked.

import Mysql2Client from "knex/lib/dialects/mysql2/index.js";
import mysql2 from "mysql2";

interface RawConnection {
  destroy(): void;
}

export class MysqlClient extends Mysql2Client {
  _driver(): typeof mysql2 {
    return mysql2;
  }

  override async _query(connection: unknown, query: { options?: object }): Promise<unknown> {
    const { queryTimeoutMs } = this.config as { queryTimeoutMs?: number }; // our own key, put there by connect.ts
    query.options = { timeout: queryTimeoutMs ?? 10_000, ...query.options };
    try {
      return await super._query(connection, query);
    } catch (error) {
      // After its time-out mysql2 still waits for the old answer, so whatever is asked next would hang: the connection must go.
      if ((error as { code?: string }).code === "PROTOCOL_SEQUENCE_TIMEOUT") (connection as RawConnection).destroy(); // mysql2's own object
      throw error;
    }
  }
}
