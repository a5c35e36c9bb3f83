// A route of the REST interface, declared once: Express serves it, OpenAPI describes it.

import type { Request, Response } from "express";
import type { z } from "zod";
import type { Role } from "../model/role.ts";
import type { Access } from "./access.ts";

export interface RouteContext<Body, Query> {
  readonly params: { readonly [name: string]: string };
  readonly body: Body;
  readonly query: Query;
  /** Who asks. */
  readonly access: Access;
  /** What makes a repeated write the same write; undefined when the client sent no key. See `remembersAnswer`. */
  readonly idempotencyKey: string | undefined;
  readonly request: Request;
  readonly response: Response;
}

export interface Route<Body = unknown, Query = unknown> {
  readonly method: "get" | "post" | "put" | "delete";
  /** Below `/api/v1`, with `{name}` for what varies. */
  readonly path: string;
  readonly summary: string;
  readonly body?: z.ZodType<Body>;
  readonly query?: z.ZodType<Query>;
  readonly answer?: z.ZodType;
  readonly status?: number;
  /** Who may ask; absent: viewers to read, operators to write. */
  readonly role?: Role;
  /** The role is enough in any project: the handler leaves out, or refuses, what belongs to others. */
  readonly isForAnyProject?: boolean;
  /** Open to everyone: only what says nothing of anyone's work. */
  readonly isPublic?: boolean;
  /** A repeated request is given the first one's answer. Else the handler makes sure that it does nothing twice. */
  readonly remembersAnswer?: boolean;
  /** What it returns is sent as JSON; undefined: the handler has answered (a stream), or there is nothing to say. */
  readonly handle: (context: RouteContext<Body, Query>) => Promise<unknown>;
}

/** Keeps the types of body and query together with the handler, then forgets them for the list. */
export const route = <Body, Query>(declared: Route<Body, Query>): Route => declared as unknown as Route; // checked by their schemas at run time
