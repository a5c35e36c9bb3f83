import { trees } from "./trees.ts";

trees("SQLite");
