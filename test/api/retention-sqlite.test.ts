import { retention } from "./retention.ts";

retention("SQLite");
