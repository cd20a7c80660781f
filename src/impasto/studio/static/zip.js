// A zip archive with stored members (PKWARE's APPNOTE, without compression): pictures are compressed already.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const UTF8_NAMES = 0x0800;
const EARLIEST_DATE = 0x0021; // 1980-01-01

export function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** A Blob of `files` [{name, blob}]; a name that comes twice is numbered. */
export async function zip(files) {
  const names = new Set();
  const [parts, entries] = [[], []];
  let offset = 0;
  for (const { name, blob } of files) {
    const path = new TextEncoder().encode(unique(name, names));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const shared = [20, UTF8_NAMES, 0, 0, EARLIEST_DATE, [crc32(bytes), bytes.length, bytes.length], path.length];
    const header = record(0x04034b50, shared, [0]);
    entries.push(record(0x02014b50, [20, ...shared], [0, 0, 0, 0, [0, offset]]), path);
    parts.push(header, path, bytes);
    offset += header.length + path.length + bytes.length;
  }
  const size = entries.reduce((sum, part) => sum + part.length, 0);
  const end = record(0x06054b50, [0, 0, files.length, files.length, [size, offset]], [0]);
  return new Blob([...parts, ...entries, end], { type: "application/zip" });
}

function unique(name, names) {
  const [, stem, ending] = /^(.*?)(\.[^.]*)?$/.exec(name);
  let own = name;
  for (let number = 2; names.has(own); number++) own = `${stem}-${number}${ending ?? ""}`;
  names.add(own);
  return own;
}

/** Bytes of a record, little-endian: its mark, then 16-bit numbers, and 32-bit ones where a list stands. */
function record(mark, ...fields) {
  const bytes = [];
  const put = (value, size) => {
    for (let i = 0; i < size; i++) bytes.push((value >>> (8 * i)) & 255);
  };
  put(mark, 4);
  for (const field of fields.flat(1)) {
    if (Array.isArray(field)) for (const value of field) put(value, 4);
    else put(field, 2);
  }
  return Uint8Array.from(bytes);
}
