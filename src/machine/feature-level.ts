// Which commands a region may use: those that the release of every member knows. A release that
// meets a command of unknown kind stops, for it must never skip what others apply.
import { members } from "../raft/configuration.ts";
import type { CommandKind } from "./command.ts";
import type { StateView } from "./state-view.ts";

/** What this release knows. */
export const ownFeatureLevel = 2;

/** What releases know that never said what they do. */
export const firstFeatureLevel = 1;

/** The first level that lets a node's level be announced: a release before would skip it. */
export const announcingFeatureLevel = 2;

const neededLevels: Readonly<Record<CommandKind, number>> = {
  initialize_keys: 1,
  create_secret: 1,
  put_secret_value: 1,
  update_secret: 1,
  update_version_stage: 1,
  delete_secret: 1,
  restore_secret: 1,
  tag_resource: 1,
  untag_resource: 1,
  create_join_token: 1,
  change_membership: 1,
  announce_member: 1,
  put_resource_policy: 2,
  delete_resource_policy: 2,
  note_accesses: 2,
  purge_secrets: 2,
};

/** The level every member is known to have reached: the least that any has announced. */
export function featureLevel(view: Pick<StateView, "configuration" | "member">): number {
  const levels = [...members(view.configuration())].map(
    (node) => view.member(node)?.featureLevel ?? firstFeatureLevel,
  );
  return Math.min(ownFeatureLevel, ...levels);
}

/** Whether every member knows such a command. */
export function isKnownToAll(
  kind: CommandKind,
  view: Pick<StateView, "configuration" | "member">,
): boolean {
  return neededLevels[kind] <= firstFeatureLevel || neededLevels[kind] <= featureLevel(view);
}
