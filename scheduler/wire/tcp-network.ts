// The network of a cluster: TCP, or TLS where the settings say so.

import { connect } from "./connect.ts";
import type { Network } from "./contract.ts";
import { listen } from "./listen.ts";

export const tcpNetwork: Network = { connect, listen };
