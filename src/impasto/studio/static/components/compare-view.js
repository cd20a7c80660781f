// The picture: the painting, the photo beside it under a split, or the photo alone while one peeks. Draws; asks for nothing.

import { createFinisher } from "../finish.js";
import { t } from "../i18n.js";

class CompareView extends HTMLElement {
  #finisher;
  #photo = null;
  #frame = 0;
  #look = null;

  connectedCallback() {
    this.innerHTML =
      '<div class="frame"><canvas class="photo" role="img"></canvas><canvas class="painting" role="img"></canvas>' +
      '<span class="tag left"></span><span class="tag right"></span>' +
      '<span class="line" aria-hidden="true"></span><input type="range" class="split" min="0" max="100" step="0.5" value="50" hidden></div>';
    this.frame = this.querySelector(".frame");
    this.painting = this.querySelector("canvas.painting");
    this.split = this.querySelector(".split");
    this.split.addEventListener("input", () => this.#place());
    this.#place();
    this.#holdToPeek();
    this.#watchContext();
  }

  /** Words in the page's language. */
  label() {
    this.split.setAttribute("aria-label", t("compare.split"));
    this.painting.setAttribute("aria-label", t("compare.painting"));
    this.querySelector("canvas.photo").setAttribute("aria-label", t("compare.photo"));
    this.querySelector(".left").textContent = t("compare.before");
    this.querySelector(".right").textContent = t("compare.after");
  }

  get kind() {
    return this.#finisher.kind;
  }

  get isComparing() {
    return !this.split.hidden;
  }

  set isComparing(value) {
    this.split.hidden = !value;
    this.classList.toggle("comparing", value);
  }

  set isPeeking(value) {
    this.classList.toggle("peeking", value);
  }

  /** Makes room for a picture of this size before anything of it is here. */
  setSize(width, height) {
    this.frame.style.setProperty("--ratio", width / height);
    this.frame.style.setProperty("--widest", `${4 * width}px`);
  }

  /** Long edge of the picture on the screen, in device pixels. */
  get devicePx() {
    const { width, height } = this.frame.getBoundingClientRect();
    return Math.ceil(Math.max(width, height) * devicePixelRatio);
  }

  /** The photo at some size; the largest one so far is what a peek shows. */
  setPhoto(photo, picture) {
    this.#finisher.setPhoto(photo);
    if (this.#photo?.picture === picture && this.#photo.width >= photo.width) return;
    this.#photo = { picture, width: photo.width };
    drawPhoto(this.querySelector("canvas.photo"), photo);
  }

  /** RGB bytes of a painting whose photo has been set; drawn at once. */
  setPainting(width, height, pixels) {
    this.#finisher.setPainting(width, height, pixels);
    this.classList.add("painted");
    this.draw();
  }

  /** The finish values; drawn with the next frame. */
  finish(look) {
    this.#look = look;
    this.#frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#look) return;
    this.#finisher.draw(this.#look);
    this.dispatchEvent(new Event("drawn"));
  }

  #place() {
    this.frame.style.setProperty("--split", `${this.split.value}%`);
    this.split.setAttribute("aria-valuetext", `${Math.round(this.split.value)} %`);
  }

  #holdToPeek() {
    this.painting.addEventListener("pointerdown", (event) => {
      if (event.button === 0) this.isPeeking = true;
    });
    for (const type of ["pointerup", "pointercancel", "blur"]) addEventListener(type, () => (this.isPeeking = false));
    this.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
  }

  #watchContext() {
    const plain = new URLSearchParams(location.search).has("plain");
    this.#finisher = createFinisher(this.painting, { plain });
    this.painting.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.painting.addEventListener("webglcontextrestored", () => {
      this.#finisher = createFinisher(this.painting);
      this.dispatchEvent(new Event("restored"));
    });
  }
}

function drawPhoto(canvas, { width, height, channels, pixels }) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let p = 0, q = 0; p < pixels.length; p += channels, q += 4) {
    for (let c = 0; c < 3; c++) image.data[q + c] = pixels[p + c];
    image.data[q + 3] = channels === 4 ? pixels[p + 3] : 255;
  }
  context.putImageData(image, 0, 0);
}

customElements.define("compare-view", CompareView);
