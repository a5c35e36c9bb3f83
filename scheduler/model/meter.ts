// What a process counts for the people who run it: contract. Whoever is given no meter counts nothing.

/** By name, what each counts; Prometheus shows it as `porpoise_<name>_total`. */
export const counters = {
  sessions_lost: "Sessions of the registry that this process has lost.",
  takeovers: "Masters that were gone and whose instances this master has freed.",
  instances_freed: "Instances that this master has freed from masters that were gone.",
  epochs_lost: "Writes that were left out because another master owned their instance by then.",
  saves_repeated: "Batches of writes that were refused or not answered, and were written again.",
  instances_given_up: "Instances that this master gave up for a fault of its own.",
  attempts_lost_with_workers: "Attempts that this master declared lost because their worker was gone.",
  attempts_started: "Attempts that this worker has started.",
  attempts_succeeded: "Attempts that succeeded on this worker.",
  attempts_failed: "Attempts that failed on this worker.",
  attempts_killed: "Attempts that were killed on this worker because somebody asked for it.",
  attempts_lost: "Attempts that this worker reported as lost, for whatever reason.",
  attempts_fenced: "Attempts that this worker ended because neither the registry nor their owner answered in time.",
  attempts_declined: "Attempts that came to this worker when its lease was over, and were not started.",
  attempts_left: "Attempts that a former life of this worker had left unfinished.",
  guards_lost: "Guards of this worker that were killed, fell silent, or ended all because this worker stood still.",
  attempts_lost_with_guards: "Attempts that ended with their guard.",
  epochs_refused: "Requests of masters that this worker refused because their instance has a newer owner.",
} as const;

export type CounterName = keyof typeof counters;

export interface Meter {
  /** `by`: 1 when absent. */
  count(what: CounterName, by?: number): void;
}
