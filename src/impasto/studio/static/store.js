// What the person has set, with undo. The state is never changed in place: every change makes a new look.

const MERGE_MS = 500;
const LONGEST_HISTORY = 200;

export class Store extends EventTarget {
  #past = [];
  #future = [];
  #lastKey = null;
  #lastTime = 0;

  /** `past` and `future` are the looks of an earlier visit, the nearest last. */
  constructor(look, { past = [], future = [] } = {}) {
    super();
    this.look = look;
    this.#past = past;
    this.#future = future;
  }

  /** All of it, to be kept. */
  toJSON() {
    return { look: this.look, past: this.#past, future: this.#future };
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Changes part of the look. Changes with the same key that follow within half a second are one step of undo. */
  change(part, key, now = performance.now()) {
    const look = { ...this.look, ...part };
    if (JSON.stringify(look) === JSON.stringify(this.look)) return;
    const merges = key === this.#lastKey && now - this.#lastTime < MERGE_MS;
    if (!merges) this.#past.push(this.look);
    if (this.#past.length > LONGEST_HISTORY) this.#past.shift();
    this.#future = [];
    this.#lastKey = key;
    this.#lastTime = now;
    this.#become(look);
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.look);
    this.#lastKey = null;
    this.#become(this.#past.pop());
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.look);
    this.#lastKey = null;
    this.#become(this.#future.pop());
  }

  /** Reads every look anew, those of the history too: what one of them named may be gone. This is no step of undo. */
  revise(read) {
    this.#past = this.#past.map(read);
    this.#future = this.#future.map(read);
    this.#become(read(this.look));
  }

  #become(look) {
    const before = this.look;
    this.look = look;
    this.dispatchEvent(new CustomEvent("change", { detail: { before } }));
  }
}
