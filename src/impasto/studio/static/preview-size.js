// How large a preview may be while something moves: as large as comes 30 times a second here, 512 px where strokes are decided.

const EDGES_PX = [512, 448, 384, 320, 256];
const FRAME_MS = 1000 / 30;
const HEADROOM = 0.85; // of that, for a larger one than now: a size that changes back and forth would flicker
const RECENT = 5; // previews, of which the middle one counts: one may be late

export class PreviewSize {
  #wholeMs = []; // what the recent ones would have taken at full size

  edge = EDGES_PX[0];

  /** A preview of so many px took so long, from the request to its pixels; most of that goes with the number of pixels. */
  took(edge, ms) {
    this.#wholeMs = [...this.#wholeMs, ms * (EDGES_PX[0] / edge) ** 2].slice(-RECENT);
    if (this.#wholeMs.length < RECENT) return;
    const usual = this.#wholeMs.toSorted((a, b) => a - b)[RECENT >> 1];
    const isSoonEnough = (other) => usual * (other / EDGES_PX[0]) ** 2 <= FRAME_MS * (other > this.edge ? HEADROOM : 1);
    this.edge = EDGES_PX.find(isSoonEnough) ?? EDGES_PX.at(-1);
  }
}
