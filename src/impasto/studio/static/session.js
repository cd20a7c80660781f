// One page's dealings with the studio: the photo, its paintings, thumbnails and exports. Knows the picture's view, none of the panel.

import { Live } from "./live.js";
import { Frames, Refusal, isUnknown, sendPhoto } from "./photos.js";
import { Socket } from "./socket.js";

const SHARP_PX = 1600; // more than this the whole picture is not worth waiting for
const ZOOMED_PX = 3072; // and when the person looks closely
const SHARP_STEP_PX = 64;
const THUMB_PX = 192;

/**
 * Tells what happens with events: "connection" (detail: "live", "lost"), "painted" (detail: what it cost), "thumb", "photo", "failed"
 * (detail: an error), "lost" (detail: names of masks that nobody has any more).
 */
export class Session extends EventTarget {
  #socket;
  #live;
  #frames = new Frames();
  #export = null; // {seq, progress, resolve, reject}
  #sending = null;
  #wanted = null; // the generator part of the look that is shown

  /** `view` draws; `masks` sends the masks of a look again. */
  constructor(url, { view, masks }) {
    super();
    Object.assign(this, { view, masks, photo: null });
    this.#socket = new Socket(url);
    this.#live = new Live(this.#socket, {
      onPainting: (...painting) => this.#showPainting(...painting),
      onPart: (...part) => this.#showPart(...part),
      sharpPx: () => this.#sharpPx(),
      inView: () => (view.isFitted ? undefined : view.inView),
    });
    this.#socket.addEventListener("open", () => this.#connected());
    this.#socket.addEventListener("lost", () => this.#lost());
    this.#socket.addEventListener("frame", (event) => this.#take(event.detail));
  }

  // --- paintings ---

  /** The painting of this generator part, as soon as can be. */
  want(part) {
    this.#wanted = part;
    if (this.photo?.id) this.#live.want(this.photo.id, part);
  }

  repaint() {
    if (this.#wanted) this.want(this.#wanted);
  }

  /** The size on the screen has changed. */
  sharpen() {
    if (this.photo?.id && this.#wanted) this.#live.sharpen(this.photo.id, this.#wanted);
  }

  /** The long edge worth painting for this screen, in steps, so that a window being resized does not ask for every pixel. */
  #sharpPx() {
    const wanted = Math.ceil(this.view.devicePx / SHARP_STEP_PX) * SHARP_STEP_PX;
    return Math.max(1, Math.min(this.view.isFitted ? SHARP_PX : ZOOMED_PX, wanted, Math.max(this.photo.width, this.photo.height)));
  }

  #showPainting(request, header, pixels) {
    const { view } = this;
    const { width, height, ms } = header;
    this.#withPhoto(request, header, (frame) => {
      if (frame.width !== width || frame.height !== height) return;
      view.dataset.seq = header.seq;
      view.setPainting(width, height, pixels);
      this.#tell("painted", { width, height, ms, wayMs: performance.now() - request.sentAt, finisher: view.kind, rate: request.rate });
    });
  }

  /** What is in view of a large painting, until the whole of it comes. */
  #showPart(request, header, pixels) {
    this.#withPhoto(request, header, (frame) => {
      this.view.dataset.part = header.seq;
      this.view.setPart(frame, header, pixels);
    });
  }

  /** Draws at once where the photo is here at this size; the first painting of each size waits for it. */
  #withPhoto(request, { seq }, draw) {
    const show = (frame) => {
      if (request.picture !== this.photo?.id) return;
      this.view.setPhoto(frame, request.picture);
      draw(frame);
    };
    const frame = this.#frames.get(request.picture, request.long_edge);
    if (frame) show(frame);
    else {
      const isNews = () => Number(this.view.dataset.seq ?? 0) < seq;
      this.#frames.load(request.picture, request.long_edge).then((loaded) => isNews() && show(loaded), (error) => this.#fail(error));
    }
  }

  // --- the photo ---

  /** Sends a photo to the studio: {photo, note}, of which `use` shows the first and the second is what an exported file says of itself. */
  async send(blob, name) {
    const { id, width, height, note } = await sendPhoto(blob);
    return { photo: { blob, name, id, width, height }, note };
  }

  /** Shows a photo that the studio has, or had. */
  use(photo) {
    const isOther = photo.id !== this.photo?.id;
    this.photo = photo;
    this.view.setSize(photo.width, photo.height, isOther);
    this.#tell("photo", { isOther });
    this.#showPhoto();
    this.repaint();
    this.askForThumbs();
  }

  async #showPhoto() {
    const { id } = this.photo;
    try {
      const frame = await this.#frames.load(id, this.#sharpPx());
      if (id === this.photo.id) this.view.setPhoto(frame, id);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The studio has forgotten the photo or a mask (it was restarted): send them again and go on where we were. */
  #sendAgain() {
    this.#sending ??= Promise.all([sendPhoto(this.photo.blob), this.masks.sendAgain(this.#wanted)])
      .then(([{ id, width, height }, lost]) => {
        if (lost.length > 0) this.#tell("lost", lost);
        this.use({ ...this.photo, id, width, height });
      })
      .catch((error) => this.#tell("failed", error))
      .finally(() => (this.#sending = null));
  }

  #fail(error) {
    if (isUnknown(error)) this.#sendAgain();
    else this.#tell("failed", error);
  }

  // --- the connection ---

  #connected() {
    this.#tell("connection", "live");
    if (!this.photo?.id || !this.#wanted) return;
    this.#live.restart(this.photo.id, this.#wanted);
    this.askForThumbs();
  }

  #lost() {
    this.masks.forgetSent();
    this.#tell("connection", "lost");
    this.#endExport(null, new TypeError("The connection was lost."));
  }

  askForThumbs() {
    if (this.photo?.id) this.#socket.send({ type: "thumbs", seq: this.#socket.nextSeq(), picture: this.photo.id, long_edge: THUMB_PX });
  }

  #take({ header, payload }) {
    if (header.type === "thumb") {
      if (header.picture === this.photo?.id) this.#tell("thumb", { ...header, pixels: payload });
    } else if (header.seq === this.#export?.seq) this.#takeExport(header, payload);
    else {
      if (header.type === "error") this.#takeError(header);
      this.#live.take(header, payload);
    }
  }

  #takeError(header) {
    if (header.code === "unknown-picture") this.#sendAgain();
    else this.#tell("failed", new Refusal(header, 400));
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // --- exports ---

  /** The finished painting as a Blob, or null where it was cancelled; `progress(fraction)` hears how far it is. One at a time. */
  export(picture, look, options, progress) {
    return new Promise((resolve, reject) => {
      const seq = this.#socket.nextSeq();
      this.#export = { seq, progress, resolve, reject };
      if (!this.#socket.send({ type: "export", seq, picture, look, ...options })) this.#endExport(null, new TypeError("No connection."));
    });
  }

  cancelExport() {
    if (this.#export) this.#socket.send({ type: "cancel", seq: this.#export.seq });
  }

  #takeExport(header, payload) {
    if (header.type === "progress") this.#export.progress(header.fraction);
    else if (header.type === "exported") this.#endExport(new Blob([payload], { type: header.mime }));
    else if (header.type === "superseded") this.#endExport(null);
    else {
      if (header.code === "unknown-picture") this.#sendAgain();
      this.#endExport(null, new Refusal(header, 400));
    }
  }

  #endExport(blob, error = null) {
    const ending = this.#export;
    this.#export = null;
    if (error) ending?.reject(error);
    else ending?.resolve(blob);
  }
}
