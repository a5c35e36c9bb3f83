import { failover } from "./failover.ts";
import { semantics } from "./semantics.ts";

semantics("SQLite");
failover("SQLite");
