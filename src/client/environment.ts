// The settings of a client as a shell has them: HOLDFAST_ENDPOINT (host:port, commas between
// several), HOLDFAST_TOKEN and HOLDFAST_CA_FILE.
import { readFileSync } from "node:fs";
import type { ClientOptions } from "./client.ts";
import { parseEndpoints } from "./endpoints.ts";

/** Which of them is missing or unreadable; the message is a sentence for people. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * Reads the settings. `HOLDFAST_CA_FILE` may be absent: the system's authorities are trusted then.
 *
 * Throws a `SettingsError` that names the setting and says what was expected.
 */
export function optionsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): ClientOptions {
  const endpoint = environment["HOLDFAST_ENDPOINT"] ?? "";
  const token = (environment["HOLDFAST_TOKEN"] ?? "").trim();
  const caFile = environment["HOLDFAST_CA_FILE"] ?? "";
  if (endpoint === "") throw missing("HOLDFAST_ENDPOINT", "host:port of one or more nodes");
  if (token === "") throw missing("HOLDFAST_TOKEN", "an access token, which begins with hft_");
  return {
    endpoints: endpointsIn(endpoint),
    token,
    ...(caFile === "" ? {} : { ca: readSetting("HOLDFAST_CA_FILE", caFile) }),
  };
}

/** The text of the file that the setting `name` points to. Throws a `SettingsError`. */
export function readSetting(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new SettingsError(`Cannot read the file "${file}" that ${name} names: ${code}`, {
      cause: error,
    });
  }
}

function endpointsIn(text: string): readonly string[] {
  try {
    return parseEndpoints(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new SettingsError(`${error.message} (HOLDFAST_ENDPOINT)`, { cause: error });
  }
}

function missing(name: string, expected: string): SettingsError {
  return new SettingsError(`${name} is not set: expected ${expected}`);
}
