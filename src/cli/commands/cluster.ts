// The commands for those who look after a region: who is in it, one more, one fewer, one for
// another, and who leads.
import { createInterface } from "node:readline/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { HoldfastError, type HoldfastClient } from "../../client/client.ts";
import { wholeNumber } from "../argument-values.ts";
import { joinText } from "../join-text.ts";
import { runCommand, type Output } from "../run-command.ts";
import { UsageError } from "../usage-error.ts";
import { addStatus } from "./status.ts";

/** A change is over when the region has left its joint configuration: some round trips. */
const patient = { deadlineMs: 30_000 };

export function addClusterCommands(cluster: Command): void {
  addStatus(cluster);
  addMembers(cluster);
  addAdd(cluster);
  addPromote(cluster);
  addReplace(cluster);
  addRemove(cluster);
  addTransfer(cluster);
}

function addMembers(cluster: Command): void {
  cluster
    .command("members")
    .description("list the members and how far each has come, as the leader knows it")
    .action(async (_options: object, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "ListMembersResponse",
        message: await client.listMembers(),
        columns: {
          list: "Members",
          members: ["NodeId", "Standing", "MatchIndex", "Active", "Mode", "GrpcAddress"],
        },
      }));
    });
}

interface AddOptions {
  readonly learner?: true;
  readonly valid?: number;
}

function addAdd(cluster: Command): void {
  cluster
    .command("add")
    .description("make a ticket with which one new node may join")
    .argument("<node-id>", "an id that no member has or ever had")
    .option("--learner", "it stays a learner until it is promoted or replaces another")
    .option(
      "--valid <seconds>",
      "how long the ticket can be used; an hour unless given",
      wholeNumber,
    )
    .action(async (nodeId: string, { learner, valid }: AddOptions, command: Command) => {
      await runCommand(command, async (client) => {
        const request = { nodeId, learner, lifetimeSeconds: valid };
        const message = await client.inviteMember(request);
        return { kind: "message", name: "InviteMemberResponse", message, text: joinText(message) };
      });
    });
}

function addPromote(cluster: Command): void {
  cluster
    .command("promote")
    .description("make a learner that has caught up a voter")
    .argument("<node-id>", "the learner")
    .action(async (nodeId: string, _options: object, command: Command) => {
      await runCommand(
        command,
        async (client) => {
          const message = await client.promoteMember({ nodeId });
          return told("PromoteMemberResponse", message, `${nodeId} is a voter.`);
        },
        patient,
      );
    });
}

function addReplace(cluster: Command): void {
  cluster
    .command("replace")
    .description("put a new node in the place of a member, in one step")
    .argument("<old-id>", "the member that goes; its id is never used again")
    .argument("<new-id>", "the member that comes, which has joined and is catching up")
    .option("--wait <seconds>", "how long it may catch up; 120 unless given", wholeNumber, 120)
    .action(
      async (
        nodeId: string,
        replacementId: string,
        { wait }: { readonly wait: number },
        command: Command,
      ) => {
        await runCommand(
          command,
          async (client) => {
            const request = { nodeId, replacementId };
            const message = await onceCaughtUp(() => client.replaceMember(request), wait * 1_000);
            const text = `${replacementId} is a voter, and ${nodeId} is removed for good.`;
            return told("ReplaceMemberResponse", message, text);
          },
          patient,
        );
      },
    );
}

const askAgainMs = 500;

/** Asks again while the new node is behind, or while it is just being made a voter. */
async function onceCaughtUp<Reply>(ask: () => Promise<Reply>, withinMs: number): Promise<Reply> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isEarly =
        error instanceof HoldfastError &&
        (error.code === "learner_behind" || error.code === "membership_changing");
      if (!isEarly || performance.now() + askAgainMs > end) throw error;
      await pause(askAgainMs);
    }
  }
}

interface RemoveOptions {
  readonly yes?: true;
  readonly force?: true;
}

const forceWarning =
  "--force removes the node although the members that are left may be too few: the region stops, " +
  "at once or with the next failure, until enough of them answer. If they never do, what only the " +
  "lost ones had is lost.\n";

function addRemove(cluster: Command): void {
  cluster
    .command("remove")
    .description("remove a member for good: its id is never used again")
    .argument("<node-id>", "the member")
    .option("--yes", "do not ask for the id to be typed again")
    .option("--force", "also when too few voters would be left")
    .action(async (nodeId: string, { yes, force }: RemoveOptions, command: Command) => {
      await runCommand(
        command,
        async (client) => {
          if (force !== undefined) process.stderr.write(forceWarning);
          if (yes === undefined) await requireTyped(nodeId);
          const message = await client.removeMember({ nodeId, force });
          const text = `${nodeId} is removed. Its id is never used again.`;
          return told("RemoveMemberResponse", message, text);
        },
        patient,
      );
    });
}

async function requireTyped(nodeId: string): Promise<void> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // A pipe may end without a line: then nothing was typed.
  const ended = new Promise<string>((resolve) => {
    asking.once("close", () => {
      resolve("");
    });
  });
  const question = `${nodeId} would be removed for good. To go on, type its id: `;
  const typed = await Promise.race([asking.question(question), ended]);
  asking.close();
  if (typed.trim() === nodeId) return;
  throw new UsageError(`Nothing was removed: expected "${nodeId}" to be typed, or --yes`);
}

function addTransfer(cluster: Command): void {
  cluster
    .command("transfer")
    .description("hand the lead to a voter")
    .argument("<node-id>", "the next leader")
    .action(async (nodeId: string, _options: object, command: Command) => {
      await runCommand(command, (client: HoldfastClient) => transfer(client, nodeId), patient);
    });
}

async function transfer(client: HoldfastClient, nodeId: string): Promise<Output> {
  const message = await client.transferLeadership({ nodeId });
  return told("TransferLeadershipResponse", message, `${nodeId} leads.`);
}

function told(name: string, message: object, sentence: string): Output {
  return { kind: "message", name, message, text: `${sentence}\n` };
}
