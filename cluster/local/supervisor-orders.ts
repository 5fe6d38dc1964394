// What the supervisor's process is told on its command line, and what it reports once.
import type { FleetPart, FleetShape } from "./shape.ts";

export interface SupervisorOrders {
  readonly home: string;
  /** The compiled node program. */
  readonly program: string;
  /** Nothing: the shape the fleet has, or the default for a new one. */
  readonly shape: FleetShape | null;
  /** Fresh: what was there is forgotten first. */
  readonly contents: "kept" | "fresh";
  /** The nodes to start with. */
  readonly part: FleetPart;
  /** Tethered: when the process that started it ends, however it ends, so does the fleet. */
  readonly lifetime: "tethered" | "detached";
}

export type StartReport =
  { readonly kind: "up" } | { readonly kind: "refused"; readonly sentence: string };
