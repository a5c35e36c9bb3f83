// The words for where a workflow instance, a task instance and an attempt stand. Their lives are in `life/`.

export const workflowInstanceStates = [
  "submitted",
  "serial_wait",
  "running",
  "pausing",
  "paused",
  "stopping",
  "stopped",
  "failed",
  "succeeded",
] as const;
export type WorkflowInstanceState = (typeof workflowInstanceStates)[number];

export const taskInstanceStates = [
  "submitted",
  "delayed",
  "dispatched",
  "running",
  "retry_wait",
  "paused",
  "killed",
  "failed",
  "succeeded",
  "forced_success",
  "skipped",
  "disabled",
] as const;
export type TaskInstanceState = (typeof taskInstanceStates)[number];

export const attemptStates = ["dispatched", "running", "succeeded", "failed", "killed", "lost"] as const;
export type AttemptState = (typeof attemptStates)[number];

export const triggers = ["manual", "schedule", "backfill", "sub_workflow"] as const;
export type Trigger = (typeof triggers)[number];
