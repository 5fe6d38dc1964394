// Rows of semantics.md that no table can have: why not, and what shows them instead.

/** By the row's name in the tables. */
export const toldElsewhere: Readonly<Record<string, string>> = {
  "3.3.1 #16": "a rotation under way: rotation has no engine in this release",
  "3.3.1 #17": "a rotation under way: rotation has no engine in this release",
  "5 T-KMSX": "another account's caller: there is one account",
  "5 T-REP": "a replica: a region knows no other yet",
  "5 T-PREV": "an unfinished rotation: rotation has no engine in this release",
  "5 T-KMSA": "a caller without a right on a key: keys have no policies yet",
  "5 T-MGD": "a secret managed by a service: there is none",
  "16 #29": "a configured rotation: nothing can be configured without a function",
  "16 #30": "a configured rotation, as above",
  "16 #31": "a configured rotation, as above",
  "16 #32": "a rotation under way, as above",
  "16 #33": "a rotation under way, as above",
  "16 #34": "a rotation function's event, as above",
  "16 #35": "a rotation function's event, as above",
  "16 #50": "a replica: a region knows no other yet",
  "16 #51": "a replica, as above",
  "16 #52": "a replica, as above; on others `5.17 StopReplicationToReplica`",
  "16 #53": "a replica, as above",
  "16 #57": "another account's caller: there is one account",
  "16 #58": "policies of principals: one administrator exists so far",
};
