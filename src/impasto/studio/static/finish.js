// The finish stage: finish.py's arithmetic in WebGL2, and in plain JavaScript where there is no WebGL2. A test in a real browser
// holds both to the numpy within 2/255. Knows pixels and control values, nothing of the page.

const LUMA = [0.299, 0.587, 0.114]; // ITU-R BT.601
const WARM = [1, 0.15, -1];

/** What the arithmetic needs, made from the control values once per draw. */
export function plan(look) {
  return {
    detail: look.detail,
    keep: look.keep_colour,
    recolours: look.keep_colour !== 0 || look.saturation !== 1 || look.hue !== 0,
    chroma: chromaMatrix(look.saturation, look.hue),
    shift: WARM.map((part) => 0.12 * look.warmth * part + 0.5 * look.brightness),
    gain: look.contrast < 0 ? 1 + look.contrast : 1 + 2 * look.contrast,
    opacity: look.opacity,
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

/** The same in plain JavaScript, into RGBA bytes (alpha not premultiplied). */
export function finishPixels(painting, photo, fine, look, result) {
  const { detail, keep, recolours, chroma, shift, gain, opacity } = plan(look);
  const rgb = [0, 0, 0];
  const own = [0, 0, 0];
  for (let i = 0, p = 0, o = 0, q = 0; q < result.length; i++, p += 3, o += photo.channels, q += 4) {
    const extra = detail ? detail * fine[i] : 0;
    for (let c = 0; c < 3; c++) {
      rgb[c] = painting[p + c] / 255 + extra;
      own[c] = photo.pixels[o + c] / 255;
    }
    if (recolours) recolour(rgb, own, keep, chroma);
    for (let c = 0; c < 3; c++) {
      const value = Math.min(Math.max((rgb[c] + shift[c] - 0.5) * gain + 0.5, 0), 1);
      result[q + c] = Math.round(255 * (own[c] + opacity * (value - own[c])));
    }
    result[q + 3] = photo.channels === 4 ? photo.pixels[o + 3] : 255;
  }
}

function recolour(rgb, own, keep, m) {
  const luma = LUMA[0] * rgb[0] + LUMA[1] * rgb[1] + LUMA[2] * rgb[2];
  const ownLuma = LUMA[0] * own[0] + LUMA[1] * own[1] + LUMA[2] * own[2];
  const mixed = (c) => rgb[c] - luma + keep * (own[c] - ownLuma - (rgb[c] - luma));
  const [r, g, b] = [mixed(0), mixed(1), mixed(2)];
  for (let c = 0; c < 3; c++) rgb[c] = luma + m[3 * c] * r + m[3 * c + 1] * g + m[3 * c + 2] * b;
}

const VERTEX = `#version 300 es
void main() { // one triangle that covers everything
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

const FRAGMENT = `
precision highp float;
precision highp sampler2D;
uniform sampler2D painting, photo, fine;
uniform int height;
uniform float detail, keep, gain, opacity;
uniform mat3 chroma;
uniform vec3 shift;
out vec4 pixel;
const vec3 LUMA = vec3(0.299, 0.587, 0.114);

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  at.y = height - 1 - at.y;
  vec3 rgb = texelFetch(painting, at, 0).rgb;
  vec4 own = vec4(0.0, 0.0, 0.0, 1.0);
#ifdef PHOTO
  own = texelFetch(photo, at, 0);
#endif
#ifdef DETAIL
  rgb += detail * texelFetch(fine, at, 0).r;
#endif
#ifdef RECOLOUR
  float luma = dot(rgb, LUMA);
  rgb = luma + chroma * mix(rgb - luma, own.rgb - dot(own.rgb, LUMA), keep);
#endif
  rgb = clamp((rgb + shift - 0.5) * gain + 0.5, 0.0, 1.0);
#ifdef PHOTO
  rgb = own.rgb + opacity * (rgb - own.rgb);
#endif
  pixel = vec4(rgb * own.a, own.a);
}`;

/** The parts of the shader that a look needs: on a processor without a GPU each of them costs milliseconds. */
function partsOf(values, channels) {
  const needsPhoto = values.keep !== 0 || values.opacity !== 1 || channels === 4;
  return [needsPhoto && "PHOTO", values.detail !== 0 && "DETAIL", values.recolours && "RECOLOUR"].filter(Boolean);
}

const UNIFORMS = ["height", "detail", "keep", "gain", "opacity", "chroma", "shift"];
const SAMPLERS = ["painting", "photo", "fine"];

/** WebGL2 on a canvas. The textures of the last two sizes (preview and sharp) are kept, so that going back and forth costs nothing. */
class GpuFinisher {
  kind = "WebGL2";
  #gl;
  #programs = new Map();
  #sizes = new Map();
  #current = null;

  constructor(canvas, gl) {
    this.canvas = canvas;
    this.#gl = gl;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  /** The photo the paintings of this size are finished with: {width, height, channels, pixels}. */
  setPhoto(photo) {
    const gl = this.#gl;
    const size = this.#size(photo.width, photo.height);
    if (size.photo === photo) return;
    size.photo = photo;
    size.hasFine = false;
    const [internal, format] = photo.channels === 4 ? [gl.RGBA8, gl.RGBA] : [gl.RGB8, gl.RGB];
    this.#bind(size, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, internal, photo.width, photo.height, 0, format, gl.UNSIGNED_BYTE, photo.pixels);
  }

  /** RGB bytes of a painting; its photo must have been set. */
  setPainting(width, height, pixels) {
    const gl = this.#gl;
    this.#current = this.#size(width, height);
    this.#bind(this.#current, 0);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGB, gl.UNSIGNED_BYTE, pixels);
  }

  /** RGB bytes of a part of a painting of `whole`'s size that is still to come; what is shown now stands in for the rest. */
  setPart(whole, { left, top, width, height }, pixels) {
    const gl = this.#gl;
    const size = this.#size(whole.width, whole.height);
    if (this.#current && this.#current !== size) this.#enlarge(this.#current, size);
    this.#current = size;
    this.#bind(size, 0);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, left, top, width, height, gl.RGB, gl.UNSIGNED_BYTE, pixels);
  }

  #enlarge(from, to) {
    const gl = this.#gl;
    const targets = [gl.READ_FRAMEBUFFER, gl.DRAW_FRAMEBUFFER];
    const frames = targets.map((target, i) => {
      const frame = gl.createFramebuffer();
      gl.bindFramebuffer(target, frame);
      gl.framebufferTexture2D(target, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, [from, to][i].textures[0], 0);
      return frame;
    });
    gl.blitFramebuffer(0, 0, from.width, from.height, 0, 0, to.width, to.height, gl.COLOR_BUFFER_BIT, gl.LINEAR);
    for (const frame of frames) gl.deleteFramebuffer(frame); // which binds the canvas again
  }

  draw(look) {
    const size = this.#current;
    if (!size) return;
    const { canvas } = this;
    const gl = this.#gl;
    if (canvas.width !== size.width || canvas.height !== size.height) {
      canvas.width = size.width;
      canvas.height = size.height;
      gl.viewport(0, 0, size.width, size.height);
    }
    if (look.detail && !size.hasFine) this.#makeFine(size);
    SAMPLERS.forEach((_, unit) => this.#bind(size, unit));
    this.#use(plan(look), size);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** The program for these values, with its uniforms set; made when it is first needed. */
  #use(values, { height, photo }) {
    const gl = this.#gl;
    const parts = partsOf(values, photo.channels);
    const key = parts.join();
    if (!this.#programs.has(key)) this.#programs.set(key, makeProgram(gl, parts));
    const { program, at } = this.#programs.get(key);
    gl.useProgram(program);
    gl.uniform1i(at.height, height);
    for (const name of ["detail", "keep", "gain", "opacity"]) gl.uniform1f(at[name], values[name]);
    gl.uniformMatrix3fv(at.chroma, true, values.chroma);
    gl.uniform3fv(at.shift, values.shift);
  }

  #makeFine(size) {
    const gl = this.#gl;
    this.#bind(size, 2);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, size.width, size.height, 0, gl.RED, gl.FLOAT, fineDetail(size.photo));
    size.hasFine = true;
  }

  #bind(size, unit) {
    this.#gl.activeTexture(this.#gl.TEXTURE0 + unit);
    this.#gl.bindTexture(this.#gl.TEXTURE_2D, size.textures[unit]);
  }

  #size(width, height) {
    const key = `${width}x${height}`;
    const found = this.#sizes.get(key) ?? this.#makeSize(width, height);
    this.#sizes.delete(key);
    this.#sizes.set(key, found);
    if (this.#sizes.size > 2) this.#dropOldest();
    return found;
  }

  #makeSize(width, height) {
    const gl = this.#gl;
    const textures = SAMPLERS.map(() => gl.createTexture());
    const size = { width, height, textures, photo: null, hasFine: false };
    for (const unit of [0, 1, 2]) {
      this.#bind(size, unit);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    }
    this.#bind(size, 0);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGB8, width, height);
    this.#bind(size, 2);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, 1, 1, 0, gl.RED, gl.FLOAT, new Float32Array(1)); // stands in until detail is used
    return size;
  }

  #dropOldest() {
    for (const [key, size] of this.#sizes) {
      if (size === this.#current) continue;
      for (const texture of size.textures) this.#gl.deleteTexture(texture);
      this.#sizes.delete(key);
      return;
    }
  }
}

function makeProgram(gl, parts) {
  const program = gl.createProgram();
  const fragment = ["#version 300 es", ...parts.map((part) => `#define ${part}`), FRAGMENT].join("\n");
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  SAMPLERS.forEach((name, unit) => gl.uniform1i(gl.getUniformLocation(program, name), unit));
  return { program, at: Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)])) };
}

/** The same, without WebGL2. */
class PlainFinisher {
  kind = "2D canvas";
  #photos = new Map();
  #painting = null;
  #image = null;

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  setPhoto(photo) {
    const key = `${photo.width}x${photo.height}`;
    if (this.#photos.get(key)?.photo !== photo) this.#photos.set(key, { photo, fine: null });
  }

  setPainting(width, height, pixels) {
    this.#painting = { width, height, pixels };
  }

  setPart({ width, height }, part, pixels) {
    const whole = enlarged(this.#painting, width, height);
    for (let y = 0; y < part.height; y++) {
      whole.set(pixels.subarray(3 * y * part.width, 3 * (y + 1) * part.width), 3 * ((part.top + y) * width + part.left));
    }
    this.#painting = { width, height, pixels: whole };
  }

  draw(look) {
    if (!this.#painting) return;
    const { width, height, pixels } = this.#painting;
    const entry = this.#photos.get(`${width}x${height}`);
    if (look.detail) entry.fine ??= fineDetail(entry.photo);
    if (this.canvas.width !== width || this.canvas.height !== height || !this.#image) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.#image = this.context.createImageData(width, height);
    }
    finishPixels(pixels, entry.photo, entry.fine, look, this.#image.data);
    this.context.putImageData(this.#image, 0, 0);
  }
}

/** RGB bytes of a painting (or of none) at another size, by the nearest pixel: to stand in for a moment. */
function enlarged(painting, width, height) {
  const result = new Uint8Array(3 * width * height);
  if (!painting) return result;
  for (let y = 0, q = 0; y < height; y++) {
    const row = Math.floor((y * painting.height) / height) * painting.width;
    for (let x = 0; x < width; x++, q += 3) {
      const p = 3 * (row + Math.floor((x * painting.width) / width));
      for (let c = 0; c < 3; c++) result[q + c] = painting.pixels[p + c];
    }
  }
  return result;
}

/** A finisher for the canvas: WebGL2 where the browser has it (and it is not `plain` that is asked for). */
export function createFinisher(canvas, { plain = false } = {}) {
  const options = { alpha: true, antialias: false, depth: false, stencil: false, premultipliedAlpha: true };
  const gl = plain ? null : canvas.getContext("webgl2", options);
  return gl ? new GpuFinisher(canvas, gl) : new PlainFinisher(canvas);
}
