// How a command ends when it does not succeed: one sentence, and an exit code for scripts.
import { CommanderError, type Command } from "commander";
import { HoldfastError, SettingsError, type CallErrorCode } from "../client/client.ts";
import { AnsweredNo } from "./answered-no.ts";
import { DownloadError } from "./backup-download.ts";
import { OfflineFailure } from "./run-offline.ts";
import { printable } from "./tables.ts";
import { UsageError } from "./usage-error.ts";

/** What the process ends with. */
export const exitCodes = { success: 0, refusal: 1, usage: 2, unreachable: 3 } as const;

export interface FailureReport {
  /** For standard error; empty when everything was said already. */
  readonly sentence: string;
  readonly exitCode: number;
}

/** Which command shows more than the sentence of a refusal does. */
const hints: Partial<Record<CallErrorCode, string>> = {
  secret_not_found: '"holdfast secret list" shows the secrets there are',
  version_not_found: '"holdfast secret versions ID --all" shows the versions there are',
  label_not_found: '"holdfast secret versions ID" shows the labels there are',
  label_holder_required: '"holdfast secret versions ID" shows which version has the label',
  secret_exists: '"holdfast secret put" adds a version to a secret that exists',
  secret_deleted: '"holdfast secret restore" takes a deletion back',
  policy_malformed: '"holdfast secret policy validate" shows what is wrong with a policy',
  policy_too_broad: '"holdfast secret policy validate" shows what is wrong with a policy',
  rotation_not_configured: '"holdfast secret rotate ID --function ARN" configures it',
  rotation_unfinished: '"holdfast secret versions ID" shows which version is AWSPENDING',
  unknown_node: '"holdfast cluster members" shows the members there are',
  node_id_used:
    '"holdfast cluster members" shows the ids in use; those of removed nodes are used up',
  not_a_learner: '"holdfast cluster members" shows who votes',
  not_a_voter: '"holdfast cluster members" shows who votes',
  learner_behind: '"holdfast cluster members" shows how far it has come',
  membership_changing: '"holdfast cluster members" shows who is coming and going',
  quorum_at_risk:
    '"holdfast cluster members" shows who answers, and --force removes it all the same',
  transfer_failed: '"holdfast cluster members" shows who leads and who answers',
  missing_authentication: "expected an access token in HOLDFAST_TOKEN or --token-file",
  unrecognized_client: "expected a valid access token in HOLDFAST_TOKEN or --token-file",
  unreachable: "expected a node at HOLDFAST_ENDPOINT or --endpoint, trusted by HOLDFAST_CA_FILE",
};

/** Says what went wrong. An error of the program itself is thrown on: its stack is wanted. */
export function reportFailure(error: unknown, command: Command): FailureReport {
  // Commander has printed its sentence by itself; help and version are no mistakes.
  if (error instanceof CommanderError) {
    return { sentence: "", exitCode: error.exitCode === 0 ? exitCodes.success : exitCodes.usage };
  }
  if (error instanceof UsageError || error instanceof SettingsError) {
    return { sentence: sentence(error.message, showsMore(command)), exitCode: exitCodes.usage };
  }
  if (error instanceof AnsweredNo) return { sentence: "", exitCode: exitCodes.refusal };
  const ofFiles = reportOnFiles(error);
  if (ofFiles !== undefined) return ofFiles;
  if (!(error instanceof HoldfastError)) throw error;
  const hint = hintFor(error.code, command);
  const request = error.requestId === undefined ? "" : `, request ${error.requestId}`;
  return {
    sentence: `${sentence(error.message, hint)} ${printable(`(${error.awsType}${request})`)}`,
    exitCode: error.code === "unreachable" ? exitCodes.unreachable : exitCodes.refusal,
  };
}

function reportOnFiles(error: unknown): FailureReport | undefined {
  if (error instanceof OfflineFailure) return { sentence: "", exitCode: error.exitCode };
  if (!(error instanceof DownloadError)) return undefined;
  return { sentence: sentence(error.message, "nothing is left"), exitCode: exitCodes.refusal };
}

function hintFor(code: CallErrorCode, command: Command): string {
  if (code !== "outcome_unknown") return hints[code] ?? showsMore(command);
  return command.parent?.name() === "cluster"
    ? '"holdfast cluster members" shows what came of it'
    : '"holdfast secret describe ID" shows what came of it';
}

/** A mistake as commander tells it, in our form. */
export function usageSentence(text: string, command: Command): string {
  const plain = text
    .replace(/^error: /, "")
    .replaceAll("\n", " ")
    .trim();
  return `${sentence(plain.charAt(0).toUpperCase() + plain.slice(1), showsMore(command))}\n`;
}

/** Whoever wrote the text, it goes to a terminal. */
function sentence(text: string, hint: string): string {
  return `${printable(text.replaceAll("\n", " ")).replace(/\.$/, "")}; ${hint}`;
}

function showsMore(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return `"${names.join(" ")} --help" shows more`;
}
