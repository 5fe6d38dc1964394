// The commands that have a secret's value changed: now, regularly, or no longer.
import type { Command } from "commander";
import type {
  ExternalSecretRotationMetadataItem,
  RotationRules,
  Tag,
} from "../../generated/public-contract.ts";
import { collectTag, wholeNumber } from "../argument-values.ts";
import { runCommand } from "../run-command.ts";
import { UsageError } from "../usage-error.ts";

export function addRotationCommands(secret: Command): void {
  addRotate(secret);
  addCancel(secret);
}

interface RotateOptions {
  readonly function?: string;
  readonly every?: number;
  readonly schedule?: string;
  readonly duration?: string;
  readonly later?: true;
  readonly role?: string;
  readonly metadata?: readonly Tag[];
  readonly token?: string;
}

function addRotate(secret: Command): void {
  secret
    .command("rotate")
    .description("rotate a secret now, and say how and when it rotates; what is not given stays")
    .argument("<id>", "name or ARN")
    .option("--function <arn>", "the rotation function")
    .option("--every <days>", "how often: every 1 to 1000 days", wholeNumber)
    .option(
      "--schedule <expression>",
      "when, in UTC: such as 'rate(10 days)' or 'cron(0 8 1 * ? *)'",
    )
    .option("--duration <hours>", "the window in which it rotates, such as 3h")
    .option("--later", "configure it only: the schedule rotates it first")
    .option("--role <arn>", "the role that a partner's rotation takes on")
    .option(
      "--metadata <key=value>",
      "what a partner's rotation needs to know; may be given several times",
      collectTag,
    )
    .option("--token <token>", "the ClientRequestToken, 32 to 64 characters; minted unless given")
    .action(async (secretId: string, options: RotateOptions, command: Command) => {
      const request = {
        secretId,
        clientRequestToken: options.token,
        rotationLambdaArn: options.function,
        rotationRules: rulesIn(options),
        externalSecretRotationMetadata: options.metadata?.map(metadataItem),
        externalSecretRotationRoleArn: options.role,
        rotateImmediately: options.later === undefined ? undefined : false,
      };
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "RotateSecretResponse",
        message: await client.rotateSecret(request),
      }));
    });
}

function rulesIn({ every, schedule, duration }: RotateOptions): RotationRules | undefined {
  if (every !== undefined && schedule !== undefined) {
    throw new UsageError("A secret rotates every so many days or by a schedule: use one of them");
  }
  if (duration !== undefined && !/^[0-9]{1,2}h$/.test(duration)) {
    throw new UsageError(`Cannot use the duration "${duration}": expected hours, such as 3h`);
  }
  const rules = {
    automaticallyAfterDays: every,
    scheduleExpression: schedule,
    duration,
  };
  const given = Object.entries(rules).filter(([, rule]) => rule !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** The parser of pairs lets neither be absent. */
function metadataItem({ key = "", value = "" }: Tag): ExternalSecretRotationMetadataItem {
  return { key, value };
}

function addCancel(secret: Command): void {
  secret
    .command("cancel-rotation")
    .description("turn rotation off, and give up one that is under way")
    .argument("<id>", "name or ARN")
    .action(async (secretId: string, _options: object, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "CancelRotateSecretResponse",
        message: await client.cancelRotateSecret({ secretId }),
      }));
    });
}
