// Who may do what: users, their tokens, and who is asking.

import { z } from "zod";
import { OperationError } from "../../model/operation-error.ts";
import { beyond, type Grants, roles } from "../../model/role.ts";
import { once } from "../../store/request-keys.ts";
import { findResource, users } from "../../store/resources.ts";
import { createToken, removeToken, type StoredToken, tokens } from "../../store/tokens.ts";
import { page } from "../contract.ts";
import { time } from "../present.ts";
import { newTokenSchema, tokenRequestSchema, tokenSchema, userSchema } from "../resource-contract.ts";
import { type Route, route } from "../route.ts";
import type { RouteDeps } from "./deps.ts";
import { resourceRoutes } from "./resource-routes.ts";

const dayMs = 86_400_000;

export function peopleRoutes({ database }: RouteDeps): readonly Route[] {
  return [
    ...resourceRoutes(database, {
      path: "/users",
      word: "user",
      table: users,
      role: "admin",
      given: userSchema,
      shape: userSchema,
      store: (given) => given,
      show: (stored) => stored,
    }),
    route({
      method: "get",
      path: "/tokens",
      summary: "The tokens, without their texts.",
      role: "admin",
      answer: page(tokenSchema),
      handle: async () => ({ items: (await tokens(database)).map(tokenShape), next: null }),
    }),
    route({
      method: "post",
      path: "/tokens",
      summary: "Make a token; its text is told once.",
      role: "admin",
      body: tokenRequestSchema,
      answer: newTokenSchema,
      status: 201,
      handle: async ({ body, access, idempotencyKey }) => {
        const { name, user, expiresInDays } = body;
        if (user !== undefined && !(await findResource(database, users, { name: user }))) {
          throw new OperationError(
            "invalid",
            `body.user is "${user}", who is no user of this server: create them first`,
          );
        }
        const grants: Grants | undefined = body.grants ?? (user === undefined ? access.grants : undefined);
        const tooMuch = grants && beyond(access.grants, grants);
        if (tooMuch !== undefined) {
          throw new OperationError("refused", `${access.name} cannot give more than their own role in ${tooMuch}`);
        }
        const expiresAtMs = expiresInDays === undefined ? undefined : database.nowMs() + expiresInDays * dayMs;
        // Its text is nowhere but in the answer: it cannot be told again.
        if (!(await once(database, idempotencyKey, async () => {}))) {
          const message =
            "a request of this key has made its token already: take that one back, and ask with another key";
          throw new OperationError("conflict", message);
        }
        const { id, token } = await createToken(database, {
          name,
          ...(user === undefined ? {} : { user }),
          ...(grants === undefined ? {} : { grants }),
          ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
        });
        const stored: StoredToken = {
          id,
          name,
          user: user ?? null,
          grants: grants ?? null,
          createdAtMs: database.nowMs(),
          expiresAtMs: expiresAtMs ?? null,
        };
        return { ...tokenShape(stored), token };
      },
    }),
    route({
      method: "delete",
      path: "/tokens/{token}",
      summary: "Take a token back, by its id.",
      role: "admin",
      remembersAnswer: true,
      handle: async ({ params }) => {
        const id = params["token"] ?? "";
        if (!(await removeToken(database, id)))
          throw new OperationError("not_found", `there is no token with id ${id}`);
      },
    }),
    route({
      method: "get",
      path: "/me",
      summary: "Who is asking, and what they may do.",
      isForAnyProject: true,
      answer: z.object({ name: z.string(), grants: z.record(z.string(), z.enum(roles)) }),
      handle: async ({ access: { name, grants } }) => ({ name, grants }),
    }),
  ];
}

const tokenShape = ({ createdAtMs, expiresAtMs, ...token }: StoredToken) => ({
  ...token,
  createdAt: time(createdAtMs),
  expiresAt: expiresAtMs === null ? null : time(expiresAtMs),
});
