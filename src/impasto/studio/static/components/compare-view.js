// The picture: the painting, the photo beside it under a split or in a pane of its own, or the photo alone while one peeks; zoomed and
// panned as the person likes. Draws; asks for nothing.

import { copy } from "../finish.js";
import { createFinisher } from "../finisher.js";
import { KEY_ZOOM, listenToGestures } from "../gestures.js";
import { t } from "../i18n.js";
import { Viewport } from "../viewport.js";

const FIRST_PANE =
  '<div class="pane first" tabindex="0" role="group"><div class="frame"><canvas class="photo" role="img"></canvas>' +
  '<canvas class="painting" role="img"></canvas><canvas class="mask" width="1" height="1" aria-hidden="true"></canvas></div>' +
  '<div class="over"><span class="tag left"></span><span class="tag right"></span><span class="line" aria-hidden="true"></span>' +
  '<input type="range" class="split" min="0" max="100" step="0.5" value="50" hidden></div></div>';
const SECOND_PANE = '<div class="pane second" hidden><div class="twin"></div><div class="over"><span class="tag left"></span></div></div>';

class CompareView extends HTMLElement {
  #ownFinisher = null;
  #photo = null;
  #frame = 0; // the one in which what came after the last drawing is drawn
  #isStale = false;
  #look = null;
  #size = { width: 1, height: 1 };
  #mode = "painting";
  #scale = 0; // that "zoomed" was last told of
  #viewport = new Viewport();

  connectedCallback() {
    this.innerHTML = FIRST_PANE + SECOND_PANE;
    [this.pane, this.second] = this.querySelectorAll(".pane");
    this.frame = this.querySelector(".frame");
    this.twin = this.querySelector(".twin");
    this.painting = this.querySelector("canvas.painting");
    this.photoCanvas = this.querySelector("canvas.photo");
    this.mask = this.querySelector("canvas.mask");
    this.split = this.querySelector(".split");
    this.tool = null; // a stroke of the mask's brush takes the pointer where there is one
    this.split.addEventListener("input", () => this.#layout());
    new ResizeObserver(() => this.#layout()).observe(this.pane);
    this.#listen();
    this.#watchContext();
  }

  /** Words in the page's language. */
  label() {
    this.split.setAttribute("aria-label", t("compare.split"));
    this.pane.setAttribute("aria-label", t("compare.pane"));
    this.painting.setAttribute("aria-label", t("compare.painting"));
    this.photoCanvas.setAttribute("aria-label", t("compare.photo"));
    for (const tag of this.querySelectorAll(".tag")) tag.textContent = t(tag.classList.contains("left") ? "compare.before" : "compare.after");
  }

  get kind() {
    return this.#finisher.kind;
  }

  /** "painting", "split" or "side". */
  get mode() {
    return this.#mode;
  }

  set mode(mode) {
    this.#mode = mode;
    this.split.hidden = mode !== "split";
    this.second.hidden = mode !== "side";
    this.classList.toggle("comparing", mode === "split");
    this.classList.toggle("side", mode === "side");
    if (mode === "side") this.twin.append(this.photoCanvas);
    else this.frame.prepend(this.photoCanvas);
    this.#layout();
  }

  set isPeeking(value) {
    this.classList.toggle("peeking", value && this.#mode !== "side");
  }

  // --- where it stands ---

  /** Makes room for a picture of this size before anything of it is here; `isOther` shows it whole. */
  setSize(width, height, isOther = true) {
    this.#size = { width, height };
    this.classList.add("sized");
    this.#scale = 0; // to be told of again
    this.#viewport.setPicture(width, height, isOther);
    this.#layout();
  }

  /** Device pixels of the screen for a pixel of the photo. */
  get scale() {
    return this.#viewport.scale * devicePixelRatio;
  }

  /** Whether a picture is here, or at least its size. */
  get hasPicture() {
    return this.classList.contains("sized");
  }

  get isFitted() {
    return this.#viewport.isFitted;
  }

  /** The part of the picture that is in view: left, top, right and bottom as shares of it. */
  get inView() {
    const { frame, visible } = this.#viewport;
    const corners = [visible, { left: visible.left + visible.width, top: visible.top + visible.height }];
    const share = (value) => Math.min(Math.max(value, 0), 1);
    return corners.flatMap(({ left, top }) => [share((left - frame.left) / frame.width), share((top - frame.top) / frame.height)]);
  }

  /** Long edge of the picture on the screen, in device pixels. */
  get devicePx() {
    return Math.ceil(Math.max(this.#size.width, this.#size.height) * this.scale);
  }

  /** One step in (1) or out (-1), about the middle. */
  zoom(direction) {
    this.#move(() => this.#viewport.zoomAt(KEY_ZOOM ** direction));
  }

  fit() {
    this.#move(() => this.#viewport.fit());
  }

  /** A pixel of the photo on each pixel of the screen. */
  showActual(x, y) {
    this.#move(() => this.#viewport.scaleTo(1 / devicePixelRatio, x, y));
  }

  /** A point of the pane (CSS px) as a place in the picture (0..1 in both directions, outside of it where it is). */
  toPicture({ x, y }) {
    const { left, top, width, height } = this.#viewport.frame;
    return { x: (x - left) / width, y: (y - top) / height };
  }

  #move(change) {
    change();
    this.#layout();
  }

  #layout() {
    this.#viewport.setPane(this.pane.clientWidth, this.pane.clientHeight);
    const { frame, visible } = this.#viewport;
    place(this.frame, frame);
    place(this.twin, frame);
    for (const over of this.querySelectorAll(".over")) place(over, visible);
    const at = visible.left - frame.left + (visible.width * this.split.value) / 100;
    this.frame.style.setProperty("--split", `${at}px`);
    this.querySelector(".over").style.setProperty("--split", `${this.split.value}%`);
    this.split.setAttribute("aria-valuetext", `${Math.round(this.split.value)} %`);
    this.classList.toggle("movable", this.#viewport.canPan);
    if (this.scale !== this.#scale) this.dispatchEvent(new Event("zoomed"));
    this.#scale = this.scale;
  }

  #listen() {
    const hands = {
      zoom: (factor, x, y) => this.#move(() => this.#viewport.zoomAt(factor, x, y)),
      pan: (dx, dy) => this.#move(() => this.#viewport.panBy(dx, dy)),
      hold: (isHeld) => (this.isPeeking = isHeld),
      toggle: ({ x, y }) => (this.isFitted ? this.showActual(x, y) : this.fit()),
      canPan: () => this.#viewport.canPan,
      tool: () => this.tool,
    };
    listenToGestures(this.pane, hands);
    listenToGestures(this.second, { ...hands, tool: () => null, hold: () => {} });
  }

  // --- what it shows ---

  /** The photo at some size; the largest one so far is what a peek shows. */
  setPhoto(photo, picture) {
    this.#finisher.setPhoto(photo);
    if (this.#photo?.picture === picture && this.#photo.width >= photo.width) return;
    this.#photo = { picture, width: photo.width };
    drawPhoto(this.photoCanvas, photo);
  }

  /** RGB bytes of a painting whose photo has been set; drawn at once. */
  setPainting(width, height, pixels) {
    this.#finisher.setPainting(width, height, pixels);
    this.classList.add("painted");
    this.draw();
  }

  /** RGB bytes of the part of a painting of `whole`'s size that is in view, before the rest comes; drawn at once. */
  setPart(whole, part, pixels) {
    this.#finisher.setPart(whole, part, pixels);
    this.draw();
  }

  /** The finish values; drawn at once, and for all that follow before the next frame, with it. */
  finish(look) {
    this.#look = look;
    this.#isStale = this.#frame !== 0;
    if (this.#isStale) return;
    this.draw();
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#isStale) this.draw();
    });
  }

  draw() {
    this.#isStale = false;
    if (!this.#look || !this.hasPicture) return;
    this.#finisher.draw(this.#look);
    this.dispatchEvent(new Event("drawn"));
  }

  /** A small copy of the finished painting, as a data URL. */
  miniature(longEdge) {
    this.draw();
    const { width, height } = this.painting;
    const scale = longEdge / Math.max(width, height);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(this.painting, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.8);
  }

  /** Made when the page has been drawn for the first time, for to ask for WebGL2 takes a moment, or when it is needed. */
  get #finisher() {
    this.#ownFinisher ??= createFinisher(this.painting, kindAsked());
    return this.#ownFinisher;
  }

  #watchContext() {
    requestAnimationFrame(() => setTimeout(() => this.#finisher));
    this.painting.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.painting.addEventListener("webglcontextrestored", () => {
      this.#ownFinisher = createFinisher(this.painting, "WebGL2");
      this.dispatchEvent(new Event("restored"));
    });
  }
}

/** What finishes is chosen by the browser's means, unless the page's address says ?plain or ?webgl. */
function kindAsked() {
  const asked = new URLSearchParams(location.search);
  return (asked.has("plain") && "2D canvas") || (asked.has("webgl") && "WebGL2") || null;
}

function place(element, { left, top, width, height }) {
  Object.assign(element.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
}

function drawPhoto(canvas, { width, height, channels, pixels }) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  if (channels === 4) image.data.set(pixels);
  else copy(pixels, image.data);
  context.putImageData(image, 0, 0);
}

customElements.define("compare-view", CompareView);
