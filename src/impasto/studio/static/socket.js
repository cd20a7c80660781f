// The websocket that comes back: when the server goes away it tries again, ever less often. Knows frames, not their meaning.

import { pack, unpack } from "./protocol.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4000;

export class Socket extends EventTarget {
  #socket = null;
  #wait = FIRST_WAIT_MS;
  #seq = 0;

  constructor(url) {
    super();
    this.url = url;
    this.#connect();
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** A number no other request of this page has. */
  nextSeq() {
    return ++this.#seq;
  }

  /** Sends one message; false while there is no connection (whoever listens to "open" then sends anew). */
  send(header) {
    if (!this.open) return false;
    this.#socket.send(pack(header));
    return true;
  }

  #connect() {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#wait = FIRST_WAIT_MS;
      this.dispatchEvent(new Event("open"));
    };
    socket.onmessage = (event) => this.dispatchEvent(new CustomEvent("frame", { detail: unpack(event.data) }));
    socket.onclose = () => {
      this.dispatchEvent(new Event("lost"));
      setTimeout(() => this.#connect(), this.#wait * (0.75 + Math.random() / 2));
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    };
    this.#socket = socket;
  }
}
