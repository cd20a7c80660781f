// The finish stage: finish.py's arithmetic, and what it does to pixels in plain JavaScript. A test in a real browser holds it, and the same in
// WebGL2 (finisher-gpu.js), to the numpy within 2/255. Knows pixels and control values, nothing of the page.

const LUMA = [0.299, 0.587, 0.114]; // ITU-R BT.601
const WARM = [1, 0.15, -1];
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const CHROMA = IDENTITY.map((same, i) => same - LUMA[i % 3]); // takes the luma away

/** Of two 3×3 matrices, row by row. */
function product(a, b) {
  return IDENTITY.map((_, i) => [0, 1, 2].reduce((sum, k) => sum + a[i - (i % 3) + k] * b[3 * k + (i % 3)], 0));
}

/**
 * What the arithmetic needs, made from the control values once per draw. All of it up to `opacity` is affine: a painting's colour is multiplied
 * with `paint`, the photo's with `own` (3×3, row by row), its fine detail with `fine`, and `offset` is added; then comes the clamping to 0..1.
 */
export function plan(look) {
  const { detail, keep_colour: keep, saturation, hue, warmth, brightness, contrast, opacity } = look;
  const gain = contrast < 0 ? 1 + contrast : 1 + 2 * contrast;
  const chroma = product(chromaMatrix(saturation, hue), CHROMA);
  const isRecoloured = keep !== 0 || saturation !== 1 || hue !== 0;
  return {
    paint: IDENTITY.map((same, i) => gain * (isRecoloured ? LUMA[i % 3] + (1 - keep) * chroma[i] : same)),
    own: chroma.map((value) => gain * keep * value),
    fine: gain * detail,
    offset: WARM.map((part) => gain * (0.12 * warmth * part + 0.5 * brightness - 0.5) + 0.5),
    opacity,
    needs: {
      PAINT: isRecoloured || gain !== 1,
      OWN: keep !== 0,
      FINE: detail !== 0,
      OFFSET: warmth !== 0 || brightness !== 0 || gain !== 1,
      BLEND: opacity !== 1,
    },
  };
}

/** 3×3, row by row: a rotation in the (Cb, Cr) plane times the saturation, on RGB less luma. */
export function chromaMatrix(saturation, hueDegrees) {
  const angle = (hueDegrees * Math.PI) / 180;
  const cos = Math.cos(angle) * saturation;
  const sin = Math.sin(angle) * saturation;
  const [red, green, blue] = LUMA;
  const cb = 0.5 / (1 - blue);
  const cr = 0.5 / (1 - red);
  const turned = [
    [-sin * cr, 0, cos * cb],
    [cos * cr, 0, sin * cb],
  ];
  const back = [
    [0, 2 * (1 - red)],
    [(-2 * (1 - blue) * blue) / green, (-2 * (1 - red) * red) / green],
    [2 * (1 - blue), 0],
  ];
  return back.flatMap(([fromCb, fromCr]) => [0, 1, 2].map((i) => fromCb * turned[0][i] + fromCr * turned[1][i]));
}

/** The photo's luma (0..1) less its 5×5 binomial blur, edges repeated: one float per pixel. */
export function fineDetail({ width, height, channels, pixels }) {
  const luma = new Float32Array(width * height);
  for (let i = 0, p = 0; i < luma.length; i++, p += channels) {
    luma[i] = (LUMA[0] * pixels[p] + LUMA[1] * pixels[p + 1] + LUMA[2] * pixels[p + 2]) / 255;
  }
  const rows = blurAlong(luma, width, height, width, 1);
  const blurred = blurAlong(rows, height, width, 1, width);
  return luma.map((value, i) => value - blurred[i]);
}

/** Blur with 1 4 6 4 1 along lines of `length` pixels `step` apart; the lines begin `stride` apart. */
function blurAlong(source, length, lines, stride, step) {
  const result = new Float32Array(source.length);
  const last = length - 1;
  for (let line = 0; line < lines; line++) {
    const start = line * stride;
    const at = (i) => source[start + Math.min(Math.max(i, 0), last) * step];
    for (let i = 0; i < length; i++) {
      result[start + i * step] = (at(i - 2) + at(i + 2) + 4 * (at(i - 1) + at(i + 1)) + 6 * at(i)) / 16;
    }
  }
  return result;
}

/** The same in plain JavaScript, into RGBA bytes (alpha not premultiplied), which clamp and round what they are given. */
export function finishPixels(painting, photo, fine, look, result) {
  const values = plan(look);
  const { PAINT, OWN, FINE, OFFSET, BLEND } = values.needs;
  if (OWN || FINE || BLEND) finishWithPhoto(painting, photo, FINE ? fine : null, values, result);
  else if (PAINT || OFFSET) recolour(painting, values, result);
  else copy(painting, result);
  if (photo.channels === 4) for (let q = 3; q < result.length; q += 4) result[q] = photo.pixels[q];
}

/** RGB bytes into the RGBA bytes of a picture. */
export function copy(painting, result) {
  const pixels = new Uint32Array(result.buffer); // red in the lowest byte: browsers run on little-endian processors
  for (let i = 0, p = 0; i < pixels.length; i++, p += 3) {
    pixels[i] = 0xff000000 | (painting[p + 2] << 16) | (painting[p + 1] << 8) | painting[p];
  }
}

function recolour(painting, { paint, offset }, result) {
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = paint;
  const [r0, g0, b0] = offset.map((value) => 255 * value);
  for (let p = 0, q = 0; q < result.length; p += 3, q += 4) {
    const r = painting[p];
    const g = painting[p + 1];
    const b = painting[p + 2];
    result[q] = rr * r + rg * g + rb * b + r0;
    result[q + 1] = gr * r + gg * g + gb * b + g0;
    result[q + 2] = br * r + bg * g + bb * b + b0;
    result[q + 3] = 255;
  }
}

function finishWithPhoto(painting, { channels, pixels }, fine, values, result) {
  const { paint, own, opacity } = values;
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = paint;
  const [sr, sg, sb, tr, tg, tb, ur, ug, ub] = own;
  const [r0, g0, b0] = values.offset.map((value) => 255 * value);
  const finely = 255 * values.fine;
  for (let i = 0, p = 0, o = 0, q = 0; q < result.length; i++, p += 3, o += channels, q += 4) {
    const r = painting[p];
    const g = painting[p + 1];
    const b = painting[p + 2];
    const x = pixels[o];
    const y = pixels[o + 1];
    const z = pixels[o + 2];
    const extra = fine === null ? 0 : finely * fine[i];
    const u = Math.min(Math.max(rr * r + rg * g + rb * b + sr * x + sg * y + sb * z + extra + r0, 0), 255);
    const v = Math.min(Math.max(gr * r + gg * g + gb * b + tr * x + tg * y + tb * z + extra + g0, 0), 255);
    const w = Math.min(Math.max(br * r + bg * g + bb * b + ur * x + ug * y + ub * z + extra + b0, 0), 255);
    result[q] = x + opacity * (u - x);
    result[q + 1] = y + opacity * (v - y);
    result[q + 2] = z + opacity * (w - z);
    result[q + 3] = 255;
  }
}
