// The commands for the resource policy of a secret: who else may use it.
import type { Command } from "commander";
import { textOf } from "../../base/bytes.ts";
import { AnsweredNo } from "../answered-no.ts";
import { readGiven, readGivenFile, type Given } from "../given-file.ts";
import { runCommand } from "../run-command.ts";
import { UsageError } from "../usage-error.ts";

interface PolicyOptions {
  readonly policyFile?: string;
  readonly policyStdin?: true;
}

/** 20,480 characters, which the server counts; no character takes more than four bytes. */
const policy: Given = { what: "the policy", limitBytes: 4 * 20_480 };

export function addPolicyCommands(group: Command): void {
  addGet(group);
  addPut(group);
  addDelete(group);
  addValidate(group);
}

function addGet(group: Command): void {
  group
    .command("get")
    .description("read the policy, if there is one")
    .argument("<id>", "name or ARN")
    .option("--policy-only", "print the policy and nothing else, to the byte")
    .action(async (secretId: string, options: { readonly policyOnly?: true }, command: Command) => {
      await runCommand(command, async (client) => {
        const message = await client.getResourcePolicy({ secretId });
        if (options.policyOnly === undefined) {
          return { kind: "message", name: "GetResourcePolicyResponse", message };
        }
        return { kind: "raw", bytes: message.resourcePolicy ?? "" };
      });
    });
}

function addPut(group: Command): void {
  withPolicyOptions(
    group.command("put").description("attach a policy, in place of the one there was"),
  )
    .argument("<id>", "name or ARN")
    .option("--block-public-policy", "refuse a policy that gives access to everybody")
    .action(
      async (
        secretId: string,
        options: PolicyOptions & { readonly blockPublicPolicy?: true },
        command: Command,
      ) => {
        const resourcePolicy = await givenPolicy(options);
        const { blockPublicPolicy } = options;
        await runCommand(command, async (client) => ({
          kind: "message",
          name: "PutResourcePolicyResponse",
          message: await client.putResourcePolicy({ secretId, resourcePolicy, blockPublicPolicy }),
        }));
      },
    );
}

function addDelete(group: Command): void {
  group
    .command("delete")
    .description("take the policy off; none there is no mistake")
    .argument("<id>", "name or ARN")
    .action(async (secretId: string, _options: object, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "DeleteResourcePolicyResponse",
        message: await client.deleteResourcePolicy({ secretId }),
      }));
    });
}

function addValidate(group: Command): void {
  withPolicyOptions(
    group
      .command("validate")
      .description("check a policy without attaching it; ends with 1 when something is found"),
  )
    .argument("[id]", "name or ARN of the secret that it is meant for")
    .action(async (secretId: string | undefined, options: PolicyOptions, command: Command) => {
      const resourcePolicy = await givenPolicy(options);
      const answer: { hasPassed?: boolean } = {};
      await runCommand(command, async (client) => {
        const message = await client.validateResourcePolicy({ secretId, resourcePolicy });
        answer.hasPassed = message.policyValidationPassed ?? false;
        const columns = { list: "ValidationErrors", members: ["CheckName", "ErrorMessage"] };
        return { kind: "message", name: "ValidateResourcePolicyResponse", message, columns };
      });
      if (answer.hasPassed !== true) throw new AnsweredNo();
    });
}

function withPolicyOptions(command: Command): Command {
  return command
    .option("--policy-file <file>", "read the policy, a document in JSON, from a file")
    .option("--policy-stdin", "read the policy from standard input");
}

async function givenPolicy({ policyFile, policyStdin }: PolicyOptions): Promise<string> {
  if (policyFile !== undefined && policyStdin !== undefined) {
    throw new UsageError("Cannot read a policy twice: use one of --policy-file and --policy-stdin");
  }
  if (policyFile === undefined && policyStdin === undefined) {
    throw new UsageError("No policy was given: use --policy-file or --policy-stdin");
  }
  const bytes =
    policyFile === undefined
      ? await readGiven(process.stdin, policy)
      : await readGivenFile(policyFile, policy);
  const text = textOf(bytes);
  if (text === undefined) throw new UsageError("Cannot use the policy: it is not UTF-8");
  return text;
}
