// The finish stage in WebGL2: finish.js's arithmetic on a graphics card. Knows pixels and control values, nothing of the page.

import { fineDetail, plan } from "./finish.js";

const VERTEX = `#version 300 es
out vec2 at;
void main() { // one triangle that covers everything
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
  at = vec2(0.5, -0.5) * gl_Position.xy + 0.5;
}`;

const FRAGMENT = `
precision highp float;
precision highp sampler2D;
in vec2 at;
uniform sampler2D painting, photo, fine;
uniform mat3 paint, own;
uniform vec3 offset;
uniform float finely, opacity;
out vec4 pixel;

void main() {
  vec3 rgb = texture(painting, at).rgb;
#ifdef PAINT
  rgb = paint * rgb;
#endif
#ifdef OFFSET
  rgb += offset;
#endif
#ifdef FINE
  rgb += finely * texture(fine, at).r;
#endif
#ifdef PHOTO
  vec4 under = texture(photo, at);
#ifdef OWN
  rgb += own * under.rgb;
#endif
  rgb = under.rgb + opacity * (clamp(rgb, 0.0, 1.0) - under.rgb);
  pixel = vec4(rgb * under.a, under.a);
#else
  pixel = vec4(rgb, 1.0);
#endif
}`;

/** The parts of the shader that a look needs: each of them costs time. */
function partsOf({ needs }, channels) {
  const parts = { ...needs, PHOTO: needs.OWN || needs.BLEND || channels === 4 };
  return Object.keys(parts).filter((name) => parts[name]);
}

const UNIFORMS = ["paint", "own", "offset", "finely", "opacity"];
const SAMPLERS = ["painting", "photo", "fine"];

/** WebGL2 on a canvas. The textures of the last two sizes (preview and sharp) are kept, so that going back and forth costs nothing. */
export class GpuFinisher {
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
  #use(values, { photo }) {
    const gl = this.#gl;
    const parts = partsOf(values, photo.channels);
    const key = parts.join();
    if (!this.#programs.has(key)) this.#programs.set(key, makeProgram(gl, parts));
    const { program, at } = this.#programs.get(key);
    gl.useProgram(program);
    gl.uniformMatrix3fv(at.paint, true, values.paint);
    gl.uniformMatrix3fv(at.own, true, values.own);
    gl.uniform3fv(at.offset, values.offset);
    gl.uniform1f(at.finely, values.fine);
    gl.uniform1f(at.opacity, values.opacity);
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
