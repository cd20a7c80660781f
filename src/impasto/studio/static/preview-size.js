// How large a preview may be while something moves: as large as comes 30 times a second here.

export const PREVIEW_PX = 512; // long edge at which strokes are decided
const EDGES_PX = [PREVIEW_PX, 384, 256]; // far enough apart to be worth another network
const FRAME_MS = 1000 / 30;
const SLACK = 1.1; // of that: the first previews of another size are late, which a little gain is not worth
const HEADROOM = 0.7; // of that, for a larger one than before
const RECENT = 5; // previews, of which the middle one counts: one may be late
const COLD = 2; // previews of another size, before it is known what they take
const NEAR = 0.6; // of a frame: a preview that takes more on its own takes all of it in a drag, where the page has work too

/** What a preview would have taken at full size: most of its time goes with the number of pixels. */
const wholeMs = (edge, ms) => ms * (PREVIEW_PX / edge) ** 2;

export class PreviewSize {
  #wholeMs = []; // what the recent ones would have taken at full size
  #cold = 0;
  #aloneMs = [FRAME_MS]; // the last two's times at full size, where no other went before them; before there is one, what is no surprise

  edge = PREVIEW_PX;

  /** A drag begins: only then may previews become larger again, for a size that goes up and down while one looks would flicker. */
  begin() {
    this.#choose((edge) => (edge > this.edge ? HEADROOM : SLACK));
  }

  /** A preview that no other went before, which is none of a drag yet. */
  tookAlone(edge, ms) {
    this.#aloneMs = [this.#aloneMs.at(-1), wholeMs(edge, ms)];
  }

  /** What a drag is likely to need instead of the full size, for the studio to be ready for it; null where that is none. */
  get spare() {
    if (this.edge < PREVIEW_PX) return this.edge;
    const usual = Math.min(...this.#aloneMs); // one may be late, as a photo's first is, and another network costs seconds
    if (usual <= NEAR * FRAME_MS) return null;
    return EDGES_PX.slice(1).find((edge) => usual * (edge / PREVIEW_PX) ** 2 <= FRAME_MS) ?? EDGES_PX.at(-1);
  }

  /** A preview of so many px took so long, from the request to its pixels. */
  took(edge, ms) {
    if (this.#cold > 0) {
      this.#cold--;
      return;
    }
    this.#wholeMs = [...this.#wholeMs, wholeMs(edge, ms)].slice(-RECENT);
    this.#choose((other) => (other > this.edge ? 0 : SLACK));
  }

  /** The largest that takes no more than its share of a frame. */
  #choose(share) {
    if (this.#wholeMs.length < RECENT) return;
    const usual = this.#wholeMs.toSorted((a, b) => a - b)[RECENT >> 1];
    const edge = EDGES_PX.find((other) => usual * (other / PREVIEW_PX) ** 2 <= FRAME_MS * share(other)) ?? EDGES_PX.at(-1);
    if (edge === this.edge) return;
    [this.edge, this.#wholeMs, this.#cold] = [edge, [], COLD];
  }
}
