import { commands } from "./commands.ts";

commands("SQLite");
