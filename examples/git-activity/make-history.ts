// Makes history.bundle: a small made-up repository, the same on every machine, for folders that have no history of their own.
// Run it with `node make-history.ts`.

import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const days = 32;
const firstDay = Date.UTC(2026, 9, 12);
const authors = ["Author A", "Author B", "Author C", "Author D", "Author E"];
const folders = ["api", "web", "docs", "jobs", "tests"];
const verbs = ["Add", "Fix", "Speed up", "Explain", "Test", "Tidy"];

/** Numbers that look random and are always the same. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const repository = mkdtempSync(path.join(tmpdir(), "history-"));
const bundle = path.join(import.meta.dirname, "history.bundle");

function git(words: readonly string[], at?: { readonly author: string; readonly date: string }): void {
  const { author, date } = at ?? { author: "Author A", date: "2026-01-01T00:00:00Z" };
  const email = `${author.toLowerCase().replace(" ", ".")}@example.com`;
  const env = {
    PATH: process.env["PATH"],
    HOME: repository,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: author,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: author,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
  execFileSync("git", words, { cwd: repository, env, stdio: ["ignore", "ignore", "inherit"] });
}

try {
  const below = numbers(20261012);
  git(["init", "--quiet", "--initial-branch=main"]);
  for (let day = 0; day < days; day++) {
    const midnight = firstDay + day * 86_400_000;
    const isWeekend = [0, 6].includes(new Date(midnight).getUTCDay());
    const commits = isWeekend ? below(2) * below(3) : 2 + below(9);
    const minutes = Array.from({ length: commits }, () => 7 * 60 + below(14 * 60)).sort((a, b) => a - b);
    for (const minute of minutes) {
      const touched = Array.from({ length: 1 + below(3) }, () => ({
        folder: folders[below(folders.length)] ?? "api",
        file: below(12),
      }));
      for (const { folder, file } of touched) {
        mkdirSync(path.join(repository, folder), { recursive: true });
        appendFileSync(path.join(repository, folder, `part-${file}.txt`), `${day}.${minute}\n`);
      }
      const author = authors[Math.min(below(authors.length), below(authors.length))] ?? "Author A";
      const subject = `${verbs[below(verbs.length)]} part ${touched[0]?.file} of ${touched[0]?.folder}`;
      git(["add", "--all"]);
      git(["commit", "--quiet", "--message", subject], {
        author,
        date: new Date(midnight + minute * 60_000).toISOString(),
      });
    }
  }
  git(["bundle", "create", bundle, "HEAD", "main"]);
} finally {
  rmSync(repository, { recursive: true, force: true });
}
