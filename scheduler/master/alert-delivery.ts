// Delivers alerts that were raised as rows: outside every state's transaction, by whichever master looks first, tried again.

import type { AlertDelivery } from "../model/alert.ts";
import type { Logger } from "../model/logger.ts";
import { claimAlerts, keepDeliveries, type StoredAlert } from "../store/alerts.ts";
import type { Database } from "../store/database.ts";
import { findAlertChannels } from "../store/datasources.ts";
import type { Cipher } from "../store/encryption.ts";
import { channelName, type MailSettings, sendAlert } from "./alert-channels.ts";

export interface AlertDeliveryDeps {
  readonly database: Database;
  readonly cipher: Cipher;
  readonly mail: MailSettings;
  readonly log: Logger;
}

/** How long a master may take over one round of channels before another one may try. */
const claimMs = 2 * 60_000;
const alertsAtOnce = 20;
const second = 1000;
/** The waits between tries; after the last one it has failed, and stays in the list. */
const waitsMs = [10 * second, 30 * second, 120 * second, 600 * second, 1800 * second];

/** Sends what is due; tells how many it looked after. */
export async function deliverAlerts(deps: AlertDeliveryDeps): Promise<number> {
  const { database } = deps;
  const claimed = await claimAlerts(database, { untilMs: database.nowMs() + claimMs, limit: alertsAtOnce });
  await Promise.all(claimed.map((alert) => deliver(deps, alert)));
  return claimed.length;
}

async function deliver(deps: AlertDeliveryDeps, alert: StoredAlert): Promise<void> {
  const { database, log } = deps;
  const before = alert.deliveries;
  const tried = await tryChannels(deps, alert);
  const isDone = tried.every((one) => one.ok);
  const waitMs = waitsMs[alert.tries - 1];
  const mayTryAgain = !isDone && waitMs !== undefined;
  if (!isDone) {
    const answers = tried.map((one) => one.answer);
    log.warn({ instance: alert.instance, alert: alert.id, answers }, "an alert did not arrive");
  }
  await keepDeliveries(database, alert, {
    state: isDone ? "delivered" : mayTryAgain ? "pending" : "failed",
    deliveries: [...before, ...tried],
    nextTryAtMs: mayTryAgain ? database.nowMs() + waitMs : null,
  });
}

/** Every channel of its group that it has not reached yet. */
async function tryChannels(
  { database, cipher, mail }: AlertDeliveryDeps,
  alert: StoredAlert,
): Promise<readonly AlertDelivery[]> {
  const told = (to: string, ok: boolean, answer: string): AlertDelivery => ({
    to,
    ok,
    answer,
    atMs: database.nowMs(),
  });
  try {
    const channels = await findAlertChannels(database, cipher, alert.group);
    if (channels === undefined) {
      return [told(alert.group, false, `this server has no alert group "${alert.group}": create it, or name another`)];
    }
    const reached = new Set(alert.deliveries.filter((one) => one.ok).map((one) => one.to));
    const open = channels.map((channel, index) => ({ channel, to: `${index + 1}: ${channelName(channel)}` }));
    return await Promise.all(
      open
        .filter(({ to }) => !reached.has(to))
        .map(async ({ channel, to }) => {
          const { ok, text } = await sendAlert(channel, alert, mail);
          return told(to, ok, text);
        }),
    );
  } catch (error) {
    return [told(alert.group, false, error instanceof Error ? error.message : String(error))];
  }
}
