// Where the picture stands in its pane: a scale and a centre. Pure geometry in CSS pixels; knows no element.

const LARGEST_FIT = 4; // a small picture is not blown up further than this to fill the pane
const LARGEST = 16;
const SNAP = 1.02; // nearer than this to the fitted size is fitted

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Viewport {
  #picture = { width: 1, height: 1 };
  #pane = { width: 1, height: 1 };
  #scale = null; // CSS px for a pixel of the picture; null while it is fitted
  #centre = { x: 0.5, y: 0.5 }; // the point of the picture (0..1) in the middle of the pane

  /** Another picture is shown whole; the same one stays where it is. */
  setPicture(width, height, isOther) {
    this.#picture = { width, height };
    if (isOther) this.fit();
  }

  setPane(width, height) {
    this.#pane = { width: Math.max(1, width), height: Math.max(1, height) };
    this.#settle();
  }

  get fitScale() {
    return Math.min(this.#pane.width / this.#picture.width, this.#pane.height / this.#picture.height, LARGEST_FIT);
  }

  get scale() {
    return this.#scale ?? this.fitScale;
  }

  get isFitted() {
    return this.#scale === null;
  }

  /** Whether some of the picture lies outside of the pane. */
  get canPan() {
    const { width, height } = this.frame;
    return width > this.#pane.width + 1 || height > this.#pane.height + 1;
  }

  fit() {
    this.#scale = null;
    this.#centre = { x: 0.5, y: 0.5 };
  }

  /** Scales by a factor about a point of the pane, which stays where it is; px from the pane's top left. */
  zoomAt(factor, x = this.#pane.width / 2, y = this.#pane.height / 2) {
    this.scaleTo(this.scale * factor, x, y);
  }

  scaleTo(scale, x = this.#pane.width / 2, y = this.#pane.height / 2) {
    const before = this.frame;
    const at = { x: (x - before.left) / before.width, y: (y - before.top) / before.height };
    const smallest = Math.min(this.fitScale, 1 / devicePixelRatio);
    const next = clamp(scale, smallest, Math.max(LARGEST / devicePixelRatio, this.fitScale));
    const ratio = next / this.fitScale;
    if (ratio < SNAP && ratio > 1 / SNAP) {
      this.fit();
      return;
    }
    this.#scale = next;
    const { width, height } = this.#size();
    this.#centre = { x: at.x + (this.#pane.width / 2 - x) / width, y: at.y + (this.#pane.height / 2 - y) / height };
    this.#settle();
  }

  panBy(dx, dy) {
    const { width, height } = this.#size();
    this.#centre = { x: this.#centre.x - dx / width, y: this.#centre.y - dy / height };
    this.#settle();
  }

  /** The picture's place in the pane: {left, top, width, height}. */
  get frame() {
    const { width, height } = this.#size();
    return { left: this.#pane.width / 2 - this.#centre.x * width, top: this.#pane.height / 2 - this.#centre.y * height, width, height };
  }

  /** The part of the pane that the picture covers. */
  get visible() {
    const { left, top, width, height } = this.frame;
    const [x, y] = [Math.max(0, left), Math.max(0, top)];
    return { left: x, top: y, width: Math.min(left + width, this.#pane.width) - x, height: Math.min(top + height, this.#pane.height) - y };
  }

  #size() {
    return { width: this.#picture.width * this.scale, height: this.#picture.height * this.scale };
  }

  /** A picture smaller than the pane stands in its middle, a larger one leaves no gap. */
  #settle() {
    const { width, height } = this.#size();
    const within = (centre, pane, size) => (size <= pane ? 0.5 : clamp(centre, pane / size / 2, 1 - pane / size / 2));
    this.#centre = { x: within(this.#centre.x, this.#pane.width, width), y: within(this.#centre.y, this.#pane.height, height) };
  }
}
