// Names of tasks as they are written: bare where they are one word, else as strings.

/** As the language reads words. */
const word = /^[\p{L}_][\p{L}\p{N}_-]*$/u;

export const writtenName = (name: string): string => (word.test(name) ? name : JSON.stringify(name));
