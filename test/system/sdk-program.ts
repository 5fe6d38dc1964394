// A program with the SDK of AWS that knows nothing of where it runs: whatever it needs is in its
// environment. It does what its parent asks for.
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { commandFor, withoutMetadata } from "./sdk-client.ts";

export interface SdkRequest {
  readonly operation: string;
  readonly request: object;
}

export type SdkAnswer =
  { readonly reply: Readonly<Record<string, unknown>> } | { readonly exception: string };

const client = new SecretsManagerClient({});

process.on("message", ({ operation, request }: SdkRequest) => {
  void answer(operation, request).then((answered) => process.send?.(answered));
});

async function answer(operation: string, request: object): Promise<SdkAnswer> {
  try {
    const reply = await client.send(commandFor(operation, request));
    return { reply: withoutMetadata(reply) };
  } catch (error) {
    return { exception: String(error) };
  }
}
