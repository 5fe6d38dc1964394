// Whose connection it is, as far as an address tells: what is counted together.
import { isIPv6 } from "node:net";

/**
 * An IPv4 address by itself, also when it is written as one of IPv6; of IPv6 the first 64 bits,
 * since a caller has all addresses that begin with them (RFC 4291 2.5.4).
 */
export function callerNetwork(address: string | undefined): string {
  if (address === undefined) return "";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  return firstGroups(address.replace(/%.*$/, "").toLowerCase());
}

/** The first four groups of sixteen bits, with every zero that `::` stands for. */
function firstGroups(address: string): string {
  const [before = "", after] = address.split("::");
  const front = before.split(":").filter((group) => group !== "");
  const back = (after ?? "").split(":").filter((group) => group !== "");
  const zeros = after === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill("0"), ...back];
  return `${groups.slice(0, 4).join(":")}::/64`;
}
