// The world's errors: a database away, a worker gone, a port in use. Caught where something can be done about them.

export type OperationErrorCode =
  | "unavailable" // the other side cannot be reached or does not answer in time
  | "refused" // the other side answered: not allowed, wrong token
  | "conflict" // the thing is no longer in the state that was expected
  | "not_found"
  | "invalid" // the request makes no sense; says what would
  | "exhausted" // disk full, limit reached
  | "aborted"; // the caller gave up

export class OperationError extends Error {
  readonly code: OperationErrorCode;

  constructor(code: OperationErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "OperationError";
    this.code = code;
  }
}
