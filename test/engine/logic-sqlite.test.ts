import { logic } from "./logic.ts";

logic("SQLite");
