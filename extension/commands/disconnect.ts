// "Porpoise: Disconnect": this window lets go of its scheduler; nothing else ends.

import type { Deps } from "../deps.ts";

export async function disconnect({ session }: Deps): Promise<void> {
  await session.disconnect();
}
