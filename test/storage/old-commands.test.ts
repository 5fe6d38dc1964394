// Nodes of two releases apply the same log while a region is upgraded, and compare what their
// states add up to. So a command that an earlier release knows leaves the rows that it left there.
import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { epochMs, logIndex, term } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Command, CommandKind } from "../../src/machine/command.ts";
import { decodeEnvelope, encodeEnvelope } from "../../src/storage/command-codec.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { commandAt, flush, openStore } from "./example-data.ts";
import { commands, commandTime } from "./example-records.ts";

/** Every kind of feature level 1, in an order in which most of them are accepted. */
const kinds = [
  "initialize_keys",
  "create_secret",
  "put_secret_value",
  "update_secret",
  "update_version_stage",
  "tag_resource",
  "untag_resource",
  "delete_secret",
  "restore_secret",
  "create_join_token",
  "change_membership",
  "announce_member",
] as const satisfies readonly CommandKind[];

/** What only the first release could say: members were added later. */
function isOfFirstLevel(command: Command): boolean {
  return !(command.kind === "announce_member" && command.featureLevel !== undefined);
}

const hour = 3_600_000;

function fixedLog(): readonly Command[] {
  const ofEachKind = kinds.flatMap((kind): readonly Command[] => commands[kind]);
  const examples = ofEachKind.filter(isOfFirstLevel);
  const life = Array.from({ length: 40 }, (_, place) => commandAt(place + 2));
  const [created] = commands.create_secret;
  const [, moved] = commands.update_version_stage;
  const [joining] = commands.change_membership;
  assert.ok(created !== undefined && moved !== undefined && joining !== undefined);
  const labelled = { ...moved, moveTo: created.token };
  const newcomers = joining.newcomers.slice(0, 1);
  const change = { addLearners: newcomers.map(({ nodeId }) => nodeId), promote: [], remove: [] };
  const joined: Command = { kind: "change_membership", change, newcomers };
  const kept = examples.filter(({ kind }) => kind !== "delete_secret");
  const [marked] = commands.delete_secret;
  assert.ok(marked !== undefined);
  return [...examples, ...life, created, labelled, joined, ...kept, marked];
}

describe("a log of the first feature level", () => {
  it("leaves the state that the first release left, to the byte", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    const outcomes = new Set<string>();

    fixedLog().forEach((command, place) => {
      const envelope = decodeEnvelope(
        encodeEnvelope({ at: epochMs(commandTime + place * hour), command }),
      );
      const { changes, outcome } = applyCommand(store.state, envelope);
      outcomes.add(`${command.kind} ${outcome.ok ? "accepted" : "refused"}`);
      const position = { index: logIndex(place + 1), term: term(1) };
      store.log.append([{ ...position, kind: "empty", payload: new Uint8Array() }]);
      store.state.absorb(changes, position);
    });
    await flush(store);

    for (const kind of kinds) assert.ok(outcomes.has(`${kind} accepted`), `${kind} did something`);
    const { digest, rowCount } = store.state.applied;
    // Written down from the release before level 2: never changed.
    assert.deepEqual(
      [digest.toString(16), rowCount],
      ["91fa2cfadf58c7fd9879198ee4a80ea5ce9afa1bca95341535848cee1a655c1f", 86],
    );
  });
});
