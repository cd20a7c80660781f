// The binary frames of the live websocket, the same as protocol.py; docs/protocol.md describes them.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One frame: header length (uint32, little-endian), header (JSON, UTF-8). The page sends no payloads. */
export function pack(header) {
  const text = encoder.encode(JSON.stringify(header));
  const frame = new Uint8Array(4 + text.length);
  new DataView(frame.buffer).setUint32(0, text.length, true);
  frame.set(text, 4);
  return frame;
}

/** {header, payload} of an ArrayBuffer; the payload is a view, nothing is copied. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(decoder.decode(new Uint8Array(buffer, 4, length)));
  return { header, payload: new Uint8Array(buffer, 4 + length) };
}
