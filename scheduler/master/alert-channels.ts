// Sends one alert to one place: a webhook, or mail by SMTP.

import { createTransport } from "nodemailer";
import type { AlertChannel } from "../model/alert.ts";
import type { StoredAlert } from "../store/alerts.ts";

export interface MailSettings {
  /** Empty: mail cannot be sent from here. */
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  readonly secure: boolean;
  readonly user: string;
  readonly password: string;
  readonly from: string;
}

export const noMail: MailSettings = { host: "", port: 0, secure: false, user: "", password: "", from: "" };

export interface Answer {
  readonly ok: boolean;
  /** For people. */
  readonly text: string;
}

const webhookLimitMs = 15_000;
const mailLimitMs = 30_000;
const shownLength = 200;

/** Never rejects: an answer that is no success says why. */
export async function sendAlert(channel: AlertChannel, alert: StoredAlert, mail: MailSettings): Promise<Answer> {
  try {
    return channel.kind === "webhook" ? await post(channel, alert) : await sendMail(channel, alert, mail);
  } catch (error) {
    return { ok: false, text: explain(error) };
  }
}

/** How a channel is called in lists: without the part of an address that lets one write to it. */
export function channelName(channel: AlertChannel): string {
  if (channel.kind === "mail") return `mail ${channel.to.join(", ")}`;
  return `webhook ${URL.canParse(channel.url) ? new URL(channel.url).origin : "(no address)"}`;
}

async function post({ url, headers }: Extract<AlertChannel, { kind: "webhook" }>, alert: StoredAlert): Promise<Answer> {
  const { id, kind, project, workflow, instance, title, body, raisedAtMs } = alert;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    // `text` is what chat programs show of a webhook.
    body: JSON.stringify({
      text: `${title}\n${body}`,
      id,
      kind,
      project,
      workflow,
      instance,
      title,
      body,
      raisedAt: new Date(raisedAtMs).toISOString(),
    }),
    redirect: "error",
    signal: AbortSignal.timeout(webhookLimitMs),
  });
  const said = (await response.text()).slice(0, shownLength).trim();
  return { ok: response.ok, text: `${response.status} ${response.statusText}${said === "" ? "" : `: ${said}`}` };
}

async function sendMail(
  { to }: Extract<AlertChannel, { kind: "mail" }>,
  { title, body }: StoredAlert,
  mail: MailSettings,
): Promise<Answer> {
  if (mail.host === "") {
    return {
      ok: false,
      text: "this server sends no mail: set `mail.host` and `mail.from` in the masters' porpoise-server.json",
    };
  }
  const transport = createTransport({
    host: mail.host,
    port: mail.port,
    secure: mail.secure,
    ...(mail.user === "" ? {} : { auth: { user: mail.user, pass: mail.password } }),
    connectionTimeout: mailLimitMs,
    greetingTimeout: mailLimitMs,
    socketTimeout: mailLimitMs,
  });
  try {
    const sent = await transport.sendMail({ from: mail.from, to: [...to], subject: title, text: body });
    const refused = sent.rejected.map(String);
    if (refused.length > 0) return { ok: false, text: `${sent.response}; refused: ${refused.join(", ")}` };
    return { ok: true, text: sent.response };
  } finally {
    transport.close();
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says "fetch failed", and why in its cause.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
