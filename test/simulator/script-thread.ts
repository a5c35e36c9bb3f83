// A thread that plays the script of a planted fault with the fault in the code, and tells what did not hold.

import { parentPort, workerData } from "node:worker_threads";
import { type Plant, plantFault } from "./plants.ts";

const plant = workerData as Plant; // what planted.ts gives
plantFault(plant);
// Loaded only now, so that the planted fault is in it.
const { interleavings } = await import("./interleavings.ts");
const { wrongIn } = await import("./play.ts");
if (plant.shownBy !== undefined) parentPort?.postMessage(await wrongIn(interleavings[plant.shownBy].script));
