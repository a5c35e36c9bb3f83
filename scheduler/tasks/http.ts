// The task type `http`.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is a notation of the language that is described here.

import type { TaskType } from "./attribute.ts";

export const http: TaskType = {
  name: "http",
  doc: "Sends one request; it succeeds when the answer has the expected status. The answer's text is the task's log.",
  example: 'task ping: http {\n  url = "https://example.com/health"\n  expect = status 200\n}',
  runBy: "worker",
  script: { need: "optional", languages: [], insteadOf: "body" },
  attributes: [
    {
      name: "url",
      type: { kind: "text" },
      isRequired: true,
      doc: "Where the request goes.",
      example: 'url = "https://example.com/orders?day=${bizdate}"',
    },
    {
      name: "method",
      type: {
        kind: "choice",
        words: [
          { word: "get", doc: "Read." },
          { word: "post", doc: "Send a body." },
          { word: "put", doc: "Replace." },
          { word: "patch", doc: "Change a part." },
          { word: "delete", doc: "Remove." },
          { word: "head", doc: "Read without a body." },
        ],
      },
      default: "get",
      doc: "What is asked of the other side.",
      example: "method = post",
    },
    {
      name: "headers",
      type: { kind: "map", of: { kind: "text" } },
      doc: "Header lines of the request, one a line.",
      example: 'headers { X-Region = "${region}" }',
    },
    {
      name: "body",
      type: { kind: "text" },
      doc: "What is sent, in one line; a fence says the same in many.",
      example: 'body = "day=${bizdate}"',
    },
    {
      name: "expect",
      type: {
        kind: "phrase",
        before: "status",
        first: { name: "status", type: { kind: "integer", min: 100, max: 599 } },
        tails: [],
      },
      doc: "The status that means success; any of 200 to 299 where it is not said.",
      example: "expect = status 200",
    },
  ],
};
