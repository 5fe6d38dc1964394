// The checksum inside LevelDB's files (Castagnoli; RFC 3720 B.4), which node:zlib does not have.

const polynomial = 0x82f63b78;

/** Eight tables of 256: the n-th tells what a byte does when n more bytes follow it. */
const tables = new Uint32Array(8 * 256);
for (let byte = 0; byte < 256; byte += 1) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder & 1) === 0 ? remainder >>> 1 : (remainder >>> 1) ^ polynomial;
  }
  tables[byte] = remainder;
}
for (let place = 256; place < tables.length; place += 1) {
  const before = tables[place - 256] ?? 0;
  tables[place] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
}

function entry(row: number, index: number): number {
  return tables[row * 256 + (index & 0xff)] ?? 0;
}

/** Eight bytes a turn: every byte of a node's data comes through here when it starts. */
function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = 0xffffffff;
  let place = 0;
  for (; place + 8 <= bytes.length; place += 8) {
    const low = view.getUint32(place, true) ^ crc;
    const high = view.getUint32(place + 4, true);
    crc =
      entry(7, low) ^
      entry(6, low >>> 8) ^
      entry(5, low >>> 16) ^
      entry(4, low >>> 24) ^
      entry(3, high) ^
      entry(2, high >>> 8) ^
      entry(1, high >>> 16) ^
      entry(0, high >>> 24);
  }
  for (; place < bytes.length; place += 1) {
    crc = (crc >>> 8) ^ entry(0, crc ^ (bytes[place] ?? 0));
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** As LevelDB stores it: turned and shifted, for checksums of what holds checksums. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
