// Which painting to ask for, and when: one request out at a time, only the newest look remembered, a sharp one after a pause.

import { PREVIEW_PX, PreviewSize } from "./preview-size.js";

const SHARP_AFTER_MS = 150;
const SHORTEST_GAP_MS = 28; // between requests: fewer than 40 paintings a second are enough for a hand
const PAUSE_MS = 33; // between a painting and the next request: a drag has none that long
const SMOOTHING = 0.8; // of the rate that is shown
const REMEMBERED_MS = 1; // a painting that the studio had already takes less, and says nothing of the others
const A_DRAG = 4; // previews in a row that have a rate

export class Live {
  #socket;
  #size = new PreviewSize();
  #out = null; // the request that waits for its answer
  #preview = null; // the newest look, not yet asked for
  #sharp = null; // what to ask for at screen size once the previews are through
  #sentAt = -Infinity;
  #gap = 0;
  #pause = 0;
  #paintedAt = -Infinity;
  #follow = 0; // previews in a row
  #gapMs = 0; // between them
  #askedPx = 0; // long edge of the last request: what is as large need not be asked for again

  /**
   * `onPainting(request, header, pixels)` draws, and `onPart` what is in view before the rest comes; `sharpPx()` says how large a painting
   * the screen can show, `inView()` which part of it.
   */
  constructor(socket, hearers) {
    this.#socket = socket;
    Object.assign(this, hearers);
  }

  /** A new look: a preview at once, the sharp painting when it has been still for a while. */
  want(picture, look) {
    this.#preview = { picture, look, long_edge: Math.min(PREVIEW_PX, this.sharpPx()) };
    this.#sharp = null;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.sharpen(picture, look), SHARP_AFTER_MS);
    this.#pump();
  }

  /** The painting at screen size, as when a slider has come to rest or the window has grown. */
  sharpen(picture, look) {
    this.#sharp = { picture, look, long_edge: this.sharpPx(), visible: this.inView(), isSharp: true };
    this.#pump();
  }

  /** The connection is new: whatever was out has to be asked for again. */
  restart(picture, look) {
    this.#out = null;
    this.want(picture, look);
  }

  /** Takes the answer to a request: a painting, an error, or word that it was superseded. */
  take(header, payload) {
    const request = this.#out;
    if (header.seq !== request?.seq) return;
    if (header.type === "part") {
      this.onPart(request, header, payload);
      return;
    }
    this.#out = null;
    if (header.type === "painting") this.onPainting({ ...request, rate: this.#measure(request, header.ms) }, header, payload);
    this.#pump();
  }

  /** Previews a second while they follow one another without a pause; null where they do not. */
  #measure({ isSharp, sentAt, long_edge }, ms) {
    const now = performance.now();
    const gap = now - this.#paintedAt;
    this.#follow = this.#follows(isSharp, sentAt) ? this.#follow + 1 : 0;
    if (this.#follow === 0) this.#size.begin();
    if (ms.generator >= REMEMBERED_MS && !isSharp) {
      if (this.#follow === 0) this.#size.tookAlone(long_edge, now - sentAt);
      else this.#size.took(long_edge, now - sentAt);
    }
    this.#gapMs = this.#follow > 1 ? SMOOTHING * this.#gapMs + (1 - SMOOTHING) * gap : gap;
    this.#paintedAt = now;
    return this.#follow >= A_DRAG ? 1000 / this.#gapMs : null;
  }

  /** Whether a request of that time belongs to the drag that the last painting belonged to. */
  #follows(isSharp, sentAt) {
    return !isSharp && sentAt - this.#paintedAt < PAUSE_MS;
  }

  /** In a drag a preview may have to be a draft; on its own it is as large as the painting will be. */
  #sized(request, now) {
    const isDraft = this.#follows(request.isSharp, now) && this.#size.edge < request.long_edge;
    return isDraft ? { ...request, long_edge: this.#size.edge, draft: true } : request;
  }

  #pump() {
    if (!this.#preview && this.#sharp?.long_edge <= this.#askedPx) this.#sharp = null;
    const next = this.#preview ?? this.#sharp;
    // A sharp painting gives way to a preview at once; a preview is waited for, so that there is always something to see.
    if (!next || (this.#out && !(this.#out.isSharp && this.#preview))) return;
    const now = performance.now();
    const wait = this.#sentAt + SHORTEST_GAP_MS - now;
    clearTimeout(this.#gap);
    if (wait > 0) {
      this.#gap = setTimeout(() => this.#pump(), wait);
      return;
    }
    const request = this.#sized(next, now);
    const { picture, look, long_edge, visible, draft } = request;
    const { spare } = this.#size;
    const seq = this.#socket.nextSeq();
    if (!this.#socket.send({ type: "paint", seq, picture, look, long_edge, visible, draft, spare })) return;
    this.#sentAt = now;
    this.#out = { ...request, seq, sentAt: now };
    this.#askedPx = long_edge;
    if (this.#preview) this.#preview = null;
    else this.#sharp = null;
  }
}
