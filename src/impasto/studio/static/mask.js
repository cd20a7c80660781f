// A mask: one byte for each of its pixels, and what a soft brush and the mask's buttons do to it. Knows no canvas but to write its file.

export const MASK_PX = 640; // long edge

const BLUR_PASSES = 3; // of a box, which together are nearly a Gaussian
const TINT = [232, 64, 122]; // of what the mask covers on the screen

export class Mask {
  constructor(width, height, alpha = new Uint8ClampedArray(width * height)) {
    Object.assign(this, { width, height, alpha });
  }

  /** An empty mask for a picture. */
  static for({ width, height }) {
    const scale = Math.min(1, MASK_PX / Math.max(width, height));
    return new Mask(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  }

  static async fromBlob(blob) {
    const bitmap = await createImageBitmap(blob);
    const { width, height } = bitmap;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = context.getImageData(0, 0, width, height);
    return new Mask(width, height, Uint8ClampedArray.from({ length: data.length / 4 }, (_, i) => data[4 * i]));
  }

  copy() {
    return new Mask(this.width, this.height, this.alpha.slice());
  }

  /** Brushes along a line between two points (0..1); `size` is the brush's diameter and a share of the long edge, `hardness` 0..1. */
  stroke(from, to, { size, hardness, erases }) {
    const radius = Math.max(1, (size * Math.max(this.width, this.height)) / 2);
    const [x, y] = [from.x * this.width, from.y * this.height];
    const [dx, dy] = [(to.x - from.x) * this.width, (to.y - from.y) * this.height];
    const steps = Math.max(1, Math.ceil(Math.hypot(dx, dy) / (radius / 4)));
    for (let i = 0; i <= steps; i++) this.#stamp(x + (dx * i) / steps, y + (dy * i) / steps, radius, hardness, erases);
  }

  #stamp(x, y, radius, hardness, erases) {
    const inner = radius * Math.min(hardness, 0.98);
    const { width, alpha } = this;
    const [top, bottom] = [Math.max(0, Math.floor(y - radius)), Math.min(this.height - 1, Math.ceil(y + radius))];
    const [left, right] = [Math.max(0, Math.floor(x - radius)), Math.min(width - 1, Math.ceil(x + radius))];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const far = Math.min(Math.max((radius - distance) / (radius - inner), 0), 1);
        const level = 255 * far * far * (3 - 2 * far);
        const at = row * width + column;
        if (erases) alpha[at] = Math.min(alpha[at], 255 - level);
        else alpha[at] = Math.max(alpha[at], level);
      }
    }
  }

  invert() {
    this.alpha = this.alpha.map((level) => 255 - level);
  }

  fill(level) {
    this.alpha.fill(level);
  }

  /** Softens the edges by about so many pixels. */
  feather(radius) {
    for (let pass = 0; pass < BLUR_PASSES; pass++) {
      this.alpha = boxAlong(this.alpha, this.width, this.height, this.width, 1, radius);
      this.alpha = boxAlong(this.alpha, this.height, this.width, 1, this.width, radius);
    }
  }

  /** The mask on the screen: its tint as strong as the mask is. */
  draw(canvas) {
    if (canvas.width !== this.width || canvas.height !== this.height) Object.assign(canvas, { width: this.width, height: this.height });
    const image = new ImageData(this.width, this.height);
    const pixels = new Uint32Array(image.data.buffer);
    const tint = TINT[0] | (TINT[1] << 8) | (TINT[2] << 16);
    for (let i = 0; i < pixels.length; i++) pixels[i] = tint | (this.alpha[i] << 24);
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  /** A grey PNG. */
  toBlob() {
    const canvas = new OffscreenCanvas(this.width, this.height);
    const image = new ImageData(this.width, this.height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (255 << 24) | (this.alpha[i] * 0x010101);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  }
}

/** The mean over 2·radius + 1 pixels along lines of `length` pixels `step` apart that begin `stride` apart; edges repeated. */
function boxAlong(source, length, lines, stride, step, radius) {
  const result = new Uint8ClampedArray(source.length);
  const last = length - 1;
  for (let line = 0; line < lines; line++) {
    const start = line * stride;
    const at = (i) => source[start + Math.min(Math.max(i, 0), last) * step];
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += at(i);
    for (let i = 0; i < length; i++) {
      result[start + i * step] = sum / (2 * radius + 1);
      sum += at(i + radius + 1) - at(i - radius);
    }
  }
  return result;
}
