// What a service answered, in the same words whichever way it was asked.

/** An answer as AWS JSON has it. */
export type AwsReply = Readonly<Record<string, unknown>>;

export type AwsAnswer =
  | { readonly kind: "reply"; readonly reply: AwsReply }
  | { readonly kind: "refused"; readonly exception: string; readonly message: string };

/** A way to a service. Rejects when there was no answer at all. */
export interface Face extends AsyncDisposable {
  call(operation: string, request: object): Promise<AwsAnswer>;
}
