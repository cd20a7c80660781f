// What the person has set, with undo. The state is never changed in place: every change makes a new look.

const MERGE_MS = 500;
const LONGEST_HISTORY = 200;

export class Store extends EventTarget {
  #past = [];
  #future = [];
  #lastKey = null;
  #lastTime = 0;

  constructor(look) {
    super();
    this.look = look;
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

  #become(look) {
    const before = this.look;
    this.look = look;
    this.dispatchEvent(new CustomEvent("change", { detail: { before } }));
  }
}

/** Weights for the styles of a mix that add up to 1 when one of them is set: the others share the rest as before. */
export function reweigh(styles, name, weight) {
  const others = styles.filter(([other]) => other !== name);
  const sum = others.reduce((total, [, own]) => total + own, 0);
  const share = (own) => (sum > 0 ? (own / sum) * (1 - weight) : (1 - weight) / others.length);
  return styles.map(([other, own]) => [other, other === name ? weight : share(own)]);
}

/** The mix with a style added (with an even share) or, where it is in the mix, taken out. The last one stays. */
export function toggleStyle(styles, name) {
  if (!styles.some(([other]) => other === name)) {
    const grown = [...styles, [name, 0]];
    return reweigh(grown, name, 1 / grown.length);
  }
  if (styles.length === 1) return styles;
  const left = styles.filter(([other]) => other !== name);
  const sum = left.reduce((total, [, own]) => total + own, 0);
  return left.map(([other, own]) => [other, sum > 0 ? own / sum : 1 / left.length]);
}
