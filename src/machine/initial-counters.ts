// What a region counts before its first command.
import { epochMs } from "../base/ids.ts";
import type { Counters } from "./state-view.ts";

export const initialCounters: Counters = { lastAt: epochMs(0), nextOrder: 1, secretCount: 0 };
