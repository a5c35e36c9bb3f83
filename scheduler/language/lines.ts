// Text as lines that keep their ends, so that edits around CR and LF come out exactly as in a fresh reading.

/** CRLF, LF and a lone CR end a line, as in the LSP. The last line has no end and may be empty. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  const lineEnd = /\r\n|\n|\r/g;
  let start = 0;
  while (lineEnd.exec(text)) {
    lines.push(text.slice(start, lineEnd.lastIndex));
    start = lineEnd.lastIndex;
  }
  lines.push(text.slice(start));
  return lines;
}

/** The line without its end. */
export function lineContent(line: string): string {
  let end = line.length;
  if (end > 0 && line[end - 1] === "\n") end -= 1;
  if (end > 0 && line[end - 1] === "\r") end -= 1;
  return end === line.length ? line : line.slice(0, end);
}

export const endsInLoneCr = (line: string): boolean => line.endsWith("\r");
