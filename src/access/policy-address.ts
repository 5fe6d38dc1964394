// Networks as the conditions of a policy name them: an address of IPv4 or IPv6, or a range of them
// in CIDR form (RFC 4632, RFC 4291 section 2.2).

export interface AddressRange {
  readonly family: 4 | 6;
  /** Four bytes or sixteen. */
  readonly address: readonly number[];
  /** How many of the first bits count. */
  readonly prefixLength: number;
}

/** Nothing for what is no address and no range. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [written = "", length, ...more] = text.split("/");
  if (more.length > 0) return undefined;
  const address = written.includes(":") ? parseIpv6(written) : parseIpv4(written);
  if (address === undefined) return undefined;
  const bits = address.length * 8;
  const prefixLength = length === undefined ? bits : parseDecimal(length, bits);
  if (prefixLength === undefined) return undefined;
  return { family: bits === 32 ? 4 : 6, address, prefixLength };
}

export function isInRange(range: AddressRange, address: AddressRange): boolean {
  if (range.family !== address.family || address.prefixLength < range.prefixLength) return false;
  return range.address.every((byte, place) => {
    const counted = Math.min(8, Math.max(0, range.prefixLength - place * 8));
    const mask = (0xff << (8 - counted)) & 0xff;
    return (byte & mask) === ((address.address[place] ?? 0) & mask);
  });
}

function parseIpv4(text: string): readonly number[] | undefined {
  const bytes = text.split(".").map((part) => parseDecimal(part, 255));
  return bytes.length === 4 ? allOf(bytes) : undefined;
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  const [before = "", after] = halves;
  if (halves.length > 2) return undefined;
  const first = parseGroups(before);
  const last = after === undefined ? [] : parseGroups(after);
  if (first === undefined || last === undefined) return undefined;
  const missing = 16 - first.length - last.length;
  const isComplete = after === undefined ? missing === 0 : missing >= 2;
  if (!isComplete) return undefined;
  return [...first, ...Array<number>(missing).fill(0), ...last];
}

/** The last group may be an address of IPv4. */
function parseGroups(text: string): readonly number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes = groups.map((group, place) =>
    place === groups.length - 1 && group.includes(".") ? parseIpv4(group) : parseGroup(group),
  );
  return allOf(bytes)?.flat();
}

function parseGroup(group: string): readonly number[] | undefined {
  if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

function parseDecimal(text: string, most: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= most ? value : undefined;
}

function allOf<Item>(items: readonly (Item | undefined)[]): readonly Item[] | undefined {
  return items.every((item) => item !== undefined) ? items : undefined;
}
