// The camera over the picture: as it is, painted live with the look as it stands, or kept as the photo. Knows no look; asks for paintings.

import { make } from "../dom.js";
import { t } from "../i18n.js";

const LIVE_PX = 384; // long edge of what is painted live
const QUALITY = 0.85;
const SMOOTHING = 0.85; // of the frame rate that is shown

class CameraView extends HTMLElement {
  #stream = null;
  #isOpen = false;
  #isPainting = false;
  #gapMs = 0;

  /**
   * `paint(blob)` answers a painted Blob; `onPhoto(blob)` gets a photo; `failed(error)`, `onRefused()` where there is no camera.
   */
  build(hearers) {
    Object.assign(this, hearers);
    this.hidden = true;
    this.video = make("video", { muted: true, playsInline: true, autoplay: true, aria: { label: t("camera.video") } });
    this.canvas = make("canvas", { hidden: true, role: "img", aria: { label: t("camera.painted") } });
    this.rate = make("span", { className: "rate", role: "status" });
    const button = (name, act, className = "button") => {
      const made = make("button", { type: "button", className, textContent: t(`camera.${name}`) });
      made.addEventListener("click", act);
      return made;
    };
    this.live = button("live", () => this.#toggleLive());
    this.live.setAttribute("aria-pressed", false);
    this.take = button("take", () => this.#take(), "primary");
    const bar = make("div", { className: "bar-low" }, this.take, this.live, this.rate, button("stop", () => this.close()));
    this.append(make("div", { className: "sight" }, this.video, this.canvas), bar);
  }

  async open() {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#isSeeing = false;
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1920 }, height: { ideal: 1080 } }, audio: false });
    } catch {
      this.#isOpen = false;
      this.onRefused();
      return;
    }
    this.video.srcObject = this.#stream;
    this.hidden = false;
    try {
      await this.video.play();
    } catch {
      return; // closed before the camera saw anything
    }
    this.#isSeeing = true;
    this.live.focus();
  }

  /** Until the camera sees something there is nothing to take or paint, and no size of it either. */
  set #isSeeing(value) {
    this.take.disabled = this.live.disabled = !value;
  }

  close() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#isOpen = false;
    if (this.#isPainting) this.#toggleLive();
    this.video.srcObject = null;
    this.hidden = true;
  }

  async #take() {
    const photo = await this.#frame(Math.max(this.video.videoWidth, this.video.videoHeight));
    this.close();
    this.onPhoto(new File([photo], "camera.jpg", { type: photo.type }));
  }

  #toggleLive() {
    this.#isPainting = !this.#isPainting;
    this.live.setAttribute("aria-pressed", this.#isPainting);
    this.canvas.hidden = !this.#isPainting;
    this.rate.textContent = "";
    this.#gapMs = 0;
    if (this.#isPainting) this.#paintOn();
  }

  /** One frame after the other, as fast as they are painted; what the camera saw meanwhile is not painted. */
  async #paintOn() {
    let last = performance.now();
    while (this.#isPainting) {
      try {
        const painted = await createImageBitmap(await this.paint(await this.#frame(LIVE_PX)));
        if (this.#isPainting) this.#show(painted);
        painted.close();
        if (!this.#isPainting) return;
      } catch (error) {
        if (this.#isPainting) this.#toggleLive();
        this.failed(error);
        return;
      }
      const now = performance.now();
      this.#gapMs = this.#gapMs ? SMOOTHING * this.#gapMs + (1 - SMOOTHING) * (now - last) : now - last;
      last = now;
      const { width, height } = this.canvas;
      this.rate.textContent = t("camera.rate", { rate: (1000 / this.#gapMs).toFixed(1), width, height });
    }
  }

  #show(painted) {
    Object.assign(this.canvas, { width: painted.width, height: painted.height });
    this.canvas.getContext("2d").drawImage(painted, 0, 0);
  }

  #frame(longEdge) {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, longEdge / Math.max(videoWidth, videoHeight));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(videoWidth * scale)), Math.max(1, Math.round(videoHeight * scale)));
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  }
}

customElements.define("camera-view", CameraView);
