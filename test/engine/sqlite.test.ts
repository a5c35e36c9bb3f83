import { semantics } from "./semantics.ts";

semantics("SQLite");
