// What finishes the paintings on a canvas: WebGL2, or plain JavaScript. Knows pixels and control values, nothing of the page.

import { fineDetail, finishPixels } from "./finish.js";
import { GpuFinisher } from "./finisher-gpu.js";

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** The same as GpuFinisher, without WebGL2. */
class PlainFinisher {
  kind = "2D canvas";
  #photos = new Map();
  #painting = null;
  #image = null;

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { willReadFrequently: true }); // all of it is written each time
  }

  setPhoto(photo) {
    const key = `${photo.width}x${photo.height}`;
    const entry = this.#photos.get(key);
    this.#photos.delete(key);
    this.#photos.set(key, entry?.photo === photo ? entry : { photo, fine: null });
    if (this.#photos.size > 2) this.#photos.delete(this.#photos.keys().next().value); // preview and sharp, as GpuFinisher
  }

  setPainting(width, height, pixels) {
    this.#painting = { width, height, pixels, under: this.#photos.get(`${width}x${height}`) };
  }

  setPart({ width, height }, part, pixels) {
    const whole = enlarged(this.#painting, width, height);
    for (let y = 0; y < part.height; y++) {
      whole.set(pixels.subarray(3 * y * part.width, 3 * (y + 1) * part.width), 3 * ((part.top + y) * width + part.left));
    }
    this.setPainting(width, height, whole);
  }

  draw(look) {
    if (!this.#painting) return;
    const { width, height, pixels, under } = this.#painting;
    if (look.detail) under.fine ??= fineDetail(under.photo);
    if (this.canvas.width !== width || this.canvas.height !== height || !this.#image) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.#image = this.context.createImageData(width, height);
    }
    finishPixels(pixels, under.photo, under.fine, look, this.#image.data);
    this.context.putImageData(this.#image, 0, 0);
  }
}

/** RGB bytes of a painting (or of none) at another size, by the nearest pixel: to stand in for a moment. */
function enlarged(painting, width, height) {
  const result = new Uint8Array(3 * width * height);
  if (!painting) return result;
  for (let y = 0, q = 0, before = -1; y < height; y++) {
    const row = Math.floor((y * painting.height) / height);
    if (row === before) {
      result.copyWithin(q, q - 3 * width, q);
      q += 3 * width;
      continue;
    }
    before = row;
    for (let x = 0; x < width; x++, q += 3) {
      const p = 3 * (row * painting.width + Math.floor((x * painting.width) / width));
      result[q] = painting.pixels[p];
      result[q + 1] = painting.pixels[p + 1];
      result[q + 2] = painting.pixels[p + 2];
    }
  }
  return result;
}

/**
 * A finisher for the canvas: WebGL2 where a graphics card computes it, else plain JavaScript, which is faster than WebGL2 in software and
 * need not be read back to be shown. `kind` "WebGL2" or "2D canvas" asks for one of them.
 */
export function createFinisher(canvas, kind = null) {
  const options = { alpha: true, antialias: false, depth: false, stencil: false };
  const gl = (kind ?? fastest()) === "WebGL2" ? canvas.getContext("webgl2", options) : null;
  return gl ? new GpuFinisher(canvas, gl) : new PlainFinisher(canvas);
}

/** Asks a canvas of its own, for one that has had WebGL2 can have nothing else. */
function fastest() {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return "2D canvas";
  const name = gl.getParameter(gl.RENDERER);
  const more = name === "WebKit WebGL" ? gl.getExtension("WEBGL_debug_renderer_info") : null; // the others say it at once
  const renderer = more ? gl.getParameter(more.UNMASKED_RENDERER_WEBGL) : name;
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return SOFTWARE.test(renderer) ? "2D canvas" : "WebGL2";
}
