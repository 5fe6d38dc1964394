// The SDK of AWS as it is, pointed at one node; operations are called by their names.
import * as aws from "@aws-sdk/client-secrets-manager";
import type { TestRegion } from "./test-region.ts";

export interface Sdk {
  /** Calls an operation; rejects with the SDK's exception, whose `name` is AWS's. */
  call(operation: string, request: object): Promise<Readonly<Record<string, unknown>>>;
  destroy(): void;
}

type AnyCommand = new (request: object) => aws.GetSecretValueCommand;

export function sdkFor(region: TestRegion, endpoint: string): Sdk {
  const { environment, ca } = region;
  const client = new aws.SecretsManagerClient({
    endpoint,
    region: environment["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
    maxAttempts: 1,
    requestHandler: { httpsAgent: { ca } },
  });
  return {
    call: async (operation, request) => {
      const reply = await client.send(commandFor(operation, request));
      return withoutMetadata(reply);
    },
    destroy: () => {
      client.destroy();
    },
  };
}

/** What the service answered, without what the SDK tells of the request. */
export function withoutMetadata(reply: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(reply).filter(([name]) => name !== "$metadata"));
}

/** Of any operation; its types are those of one, for the names come from a table. */
export function commandFor(operation: string, request: object): aws.GetSecretValueCommand {
  const Command = (aws as unknown as Readonly<Record<string, AnyCommand | undefined>>)[
    `${operation}Command`
  ];
  if (Command === undefined) throw new TypeError(`The SDK has no ${operation}`);
  return new Command(request);
}
