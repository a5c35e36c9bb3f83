// The database registry's own tables, and every statement on them.
//
//   registry_sessions  id · beat              one row a living process; the beat rises while it lives
//   registry_members   incarnation · kind · session · data
//   registry_tickets   id · place · name · session   who waits for a lock, in the order of asking
//   registry_holders   name · place · session        who holds it; the primary key lets one in at a time
//
// Whatever belongs to a session is worth nothing without the session's row.

import type { Knex } from "knex";
import { knownIncarnation } from "../model/ids.ts";
import type { Member, MemberData, MemberKind } from "./contract.ts";

export interface SessionRow {
  readonly session: string;
  readonly beat: string;
  readonly member: { readonly kind: MemberKind; readonly incarnation: string; readonly data: string } | undefined;
}

export async function createTables(knex: Knex): Promise<void> {
  const create = async (
    name: string,
    columns: (table: Knex.CreateTableBuilder) => void,
    newestColumn?: string,
  ): Promise<void> => {
    if (await knex.schema.hasTable(name)) {
      if (newestColumn === undefined || (await knex.schema.hasColumn(name, newestColumn))) return;
      // An earlier build's: what stands in it is worth nothing any more.
      await knex.schema.dropTableIfExists(name);
    }
    await knex.schema.createTable(name, columns).catch(async (error: unknown) => {
      // Another process may have been faster.
      if (!(await knex.schema.hasTable(name))) throw error;
    });
  };
  await create("registry_sessions", (table) => {
    table.string("id", 64).primary();
    table.bigInteger("beat").notNullable();
  });
  await create("registry_members", (table) => {
    table.string("incarnation", 190).primary();
    table.string("kind", 16).notNullable();
    table.string("session", 64).notNullable().index();
    table.text("data").notNullable();
  });
  await create(
    "registry_tickets",
    (table) => {
      table.bigIncrements("id");
      /** The asker's own name for it: asked once more after a lost answer, it is the same. */
      table.string("place", 64).notNullable().unique();
      table.string("name", 190).notNullable().index();
      table.string("session", 64).notNullable().index();
    },
    "place",
  );
  await create(
    "registry_holders",
    (table) => {
      table.string("name", 190).primary();
      table.string("place", 64).notNullable();
      table.string("session", 64).notNullable().index();
    },
    "place",
  );
}

/** For whoever knows that nobody else can be there: what a former process left counts no more. */
export async function forgetEveryone(knex: Knex): Promise<void> {
  await createTables(knex);
  for (const table of ["registry_sessions", ...belongings]) await knex(table).delete();
}

const belongings = ["registry_members", "registry_tickets", "registry_holders"];

export async function insertSession(knex: Knex, session: string): Promise<void> {
  await knex("registry_sessions").insert({ id: session, beat: 1 });
}

/** False: the session is gone, somebody gave it up. */
export async function beat(knex: Knex, session: string): Promise<boolean> {
  return (await knex("registry_sessions").where({ id: session }).increment("beat", 1)) > 0;
}

/** Gives a session up, unless it has beaten meanwhile; false where it has, or somebody else was faster. */
export async function endSession(knex: Knex, session: string, lastBeat?: string): Promise<boolean> {
  const row = lastBeat === undefined ? { id: session } : { id: session, beat: lastBeat };
  return knex.transaction(async (transaction) => {
    if ((await transaction("registry_sessions").where(row).delete()) === 0) return false;
    for (const table of belongings) await transaction(table).where({ session }).delete();
    return true;
  });
}

/** What was written for a session that was given up in the same moment. */
export async function deleteOrphans(knex: Knex): Promise<void> {
  for (const table of belongings) {
    await knex(table).whereNotIn("session", knex("registry_sessions").select("id")).delete();
  }
}

export async function readSessions(knex: Knex): Promise<readonly SessionRow[]> {
  const rows: readonly {
    readonly id: string;
    readonly beat: string | number;
    readonly kind: MemberKind | null;
    readonly incarnation: string | null;
    readonly data: string | null;
  }[] = await knex("registry_sessions")
    .leftJoin("registry_members", "registry_members.session", "registry_sessions.id")
    .select("registry_sessions.id", "registry_sessions.beat", "kind", "incarnation", "data");
  return rows.map(({ id, beat: last, kind, incarnation, data }) => ({
    session: id,
    beat: String(last),
    member: kind === null || incarnation === null || data === null ? undefined : { kind, incarnation, data },
  }));
}

export async function insertMember(knex: Knex, session: string, { kind, incarnation, data }: Member): Promise<void> {
  // An incarnation is one life of one process; a row of this name is this very process's, from before its answer was lost.
  await knex("registry_members").where({ incarnation }).delete();
  await knex("registry_members").insert({ incarnation, kind, session, data: JSON.stringify(data) });
}

export async function updateMember(knex: Knex, session: string, data: MemberData): Promise<boolean> {
  return (
    (await knex("registry_members")
      .where({ session })
      .update({ data: JSON.stringify(data) })) > 0
  );
}

export async function deleteMember(knex: Knex, session: string): Promise<void> {
  await knex("registry_members").where({ session }).delete();
}

/** Throws a `SyntaxError` where the row is none of ours. */
export function readMember({ kind, incarnation, data }: NonNullable<SessionRow["member"]>): Member {
  return { kind, incarnation: knownIncarnation(incarnation), data: JSON.parse(data) };
}

export interface Place {
  readonly name: string;
  readonly session: string;
  readonly place: string;
}

/** Throws where it has one already. */
export async function takeTicket(knex: Knex, { name, session, place }: Place): Promise<void> {
  await knex("registry_tickets").insert({ name, session, place });
}

/** How a place stands: `none`, it has no ticket; `first`, nobody waits before it and nobody holds the lock. */
export async function standing(knex: Knex, { name, place }: Place): Promise<"none" | "waits" | "first" | "holds"> {
  const own = await knex("registry_tickets").where({ place }).first("id");
  if (own === undefined) return "none";
  const holder = await knex("registry_holders").where({ name }).first("place");
  if (holder !== undefined) return holder.place === place ? "holds" : "waits";
  const first = await knex("registry_tickets").where({ name }).orderBy("id").first("place");
  return first?.place === place ? "first" : "waits";
}

/** True: it is held by this place now. */
export async function takeHold(knex: Knex, { name, session, place }: Place): Promise<boolean> {
  try {
    await knex("registry_holders").insert({ name, session, place });
    return true;
  } catch (error) {
    // Two tickets can each look first for a moment (numbers are given before they are seen): the primary key decides.
    const holder = await knex("registry_holders").where({ name }).first("place");
    if (holder === undefined) throw error;
    return holder.place === place;
  }
}

export async function givePlaceBack(knex: Knex, place: string): Promise<void> {
  await knex("registry_holders").where({ place }).delete();
  await knex("registry_tickets").where({ place }).delete();
}

/** What could not be given back, or was written although the answer was lost. */
export async function givePlacesBack(knex: Knex, session: string, butFor: Iterable<string>): Promise<void> {
  for (const table of ["registry_holders", "registry_tickets"]) {
    await knex(table)
      .where({ session })
      .whereNotIn("place", [...butFor])
      .delete();
  }
}
