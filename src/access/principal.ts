// Who asks. A principal is what authentication proves; what it may do is decided elsewhere.

export interface Principal {
  /** Such as `arn:aws:iam::000000000000:user/administrator`. */
  readonly arn: string;
  /** The account of the region, twelve digits. */
  readonly account: string;
  /** `node`: a node of the region by itself, of which no public wire knows. */
  readonly kind: "administrator" | "node";
}
