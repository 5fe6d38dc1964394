// The filters in a request, each complete.
import { refuseCall } from "../base/errors.ts";
import type { SecretFilter } from "../secrets/queries/list-secrets.ts";
import type { RequestOf } from "./operations/operations.ts";

type RequestFilter = NonNullable<RequestOf<"ListSecrets">["filters"]>[number];

/** The model makes both members optional; AWS refuses a filter without either. */
export function completeFilters(filters: readonly RequestFilter[]): readonly SecretFilter[] {
  return filters.map(({ key, values }) => {
    if (key === undefined) throw refuseCall("invalid_filter", { reason: "Invalid filter key" });
    if (values === undefined) {
      throw refuseCall("invalid_filter", { reason: `Invalid filter values for key: ${key}` });
    }
    return { key, values };
  });
}
