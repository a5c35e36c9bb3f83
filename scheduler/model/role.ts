// What a token's holder may do, project by project.

/** Each may do what those before it may. */
export const roles = ["viewer", "operator", "author", "admin"] as const;
export type Role = (typeof roles)[number];

/** Role by project; `*` stands for every project and for what belongs to none. */
export type Grants = { readonly [project: string]: Role };

const everyProject = "*";
export const everything: Grants = { [everyProject]: "admin" };

const rank = (role: Role | undefined): number => (role === undefined ? -1 : roles.indexOf(role));

/** Without a project: what belongs to the whole server. */
export const mayDo = (grants: Grants, role: Role, project?: string): boolean =>
  rank(grants[everyProject]) >= rank(role) || (project !== undefined && rank(grants[project]) >= rank(role));

/** Whether there is any project at all in which the role is held. */
export const mayDoSomewhere = (grants: Grants, role: Role): boolean =>
  Object.values(grants).some((held) => rank(held) >= rank(role));

/** The projects in which the role is held; undefined: all. */
export const projectsOf = (grants: Grants, role: Role): readonly string[] | undefined =>
  mayDo(grants, role) ? undefined : Object.keys(grants).filter((project) => rank(grants[project]) >= rank(role));

/** The first project in which `asked` goes beyond `own`; undefined where it does not. */
export const beyond = (own: Grants, asked: Grants): string | undefined =>
  Object.entries(asked).find(
    ([project, role]) => !mayDo(own, role, project === everyProject ? undefined : project),
  )?.[0];
