// The ways in and out: photos opened, restored from an exported painting, taken with the camera; paintings exported, copied, painted in a batch.

import { t } from "./i18n.js";
import { fetchBlob, isUnknown, keepPhoto, keptPhoto, paintedFile, sendPhoto } from "./photos.js";
import { zip } from "./zip.js";

export class Ways {
  /** `parts` are the elements; `become(look, key)` is another look as a whole; the rest is what its name says. */
  constructor({ parts, ...pieces }) {
    Object.assign(this, pieces, parts);
    const { session, toasts, exporting, batch } = this;
    const onCancel = () => session.cancelExport();
    exporting.build({ onExport: (...chosen) => this.#export(...chosen), onCancel, onCopy: (options) => this.#copy(options), onMore: () => batch.open() });
    const hasRegions = () => this.store.look.regions.length > 0;
    const onDone = async (files) => this.download(await zip(files), "impasto.zip");
    batch.build({ paint: (...file) => this.#paintAnother(...file), onCancel, onDone, hasRegions });
    this.drop.build({ onPhotos: (files) => (files.length > 1 ? batch.open(files) : this.open(files[0])) });
    const onRefused = () => toasts.show(t("camera.none"), t("camera.none.hint"));
    this.camera.build({ paint: (frame) => this.#paintFrame(frame), onPhoto: (photo) => this.open(photo), onRefused, failed: this.failed });
  }

  // --- in ---

  /** The photo of the last visit, or the sample. */
  async openFirst() {
    const kept = await keptPhoto();
    if (kept) this.session.use(kept);
    else this.session.use((await this.session.send(await fetchBlob("/static/sample.jpg"), null)).photo);
  }

  /** A file that is refused leaves everything as it was. */
  async open(file) {
    try {
      const { photo, note } = await this.session.send(file, file.name || t("photo.pasted"));
      if (note) await this.#restore(note, photo);
      else this.#show(photo, []);
    } catch (error) {
      this.failed(error);
    }
  }

  #show(photo, regions) {
    if (JSON.stringify(this.store.look.regions) !== JSON.stringify(regions)) this.store.change({ regions }, `photo ${performance.now()}`);
    keepPhoto(photo);
    this.session.use(photo);
  }

  /** A file that was exported here brings back its look, its masks and, where this browser has it, its photo. */
  async #restore({ look, photo: id, masks: found }, file) {
    const regions = [];
    for (const region of look.regions ?? []) {
      const isHere = (await this.masks.get(region.mask)) !== null;
      if (isHere) regions.push(region);
      else if (found[region.mask]) regions.push({ ...region, mask: await this.masks.take(found[region.mask]) });
    }
    const own = await keptPhoto(id);
    this.become({ ...look, regions }, "file");
    this.#show(own ?? file, regions);
    if (!own) this.toasts.show(t("restored.look"), t("restored.look.hint", { name: file.name }));
  }

  // --- out ---

  #export(options, ending) {
    this.#ending(async () => {
      const blob = await this.#exported(options);
      if (blob) this.download(blob, nameOf(this.session.photo.name, this.store.look, ending));
      return blob !== null;
    });
  }

  /** The clipboard is given a promise, because it must be asked while the click is fresh. */
  #copy(options) {
    this.#ending(async () => {
      const painting = this.#exported(options).then((blob) => blob ?? Promise.reject(new DOMException("", "AbortError")));
      try {
        await navigator.clipboard.write([new ClipboardItem({ "image/png": painting })]);
      } catch (error) {
        await painting.catch(() => undefined);
        if (error.name === "NotAllowedError") this.toasts.show(t("export.uncopied"), t("export.uncopied.hint"));
        return false;
      }
      this.toasts.show(t("export.copied"));
      return true;
    });
  }

  #exported(options) {
    const { session, store, exporting } = this;
    return session.export(session.photo.id, store.look, options, (fraction) => (exporting.progress = fraction));
  }

  async #ending(work) {
    try {
      this.exporting.end(await work());
    } catch (error) {
      this.exporting.end(false);
      this.failed(error);
    }
  }

  /** Paints one photo of a list with the look; the masks of its regions are stretched over it. */
  async #paintAnother(file, { progress, isStopped, withRegions }) {
    const look = { ...this.store.look, ...(withRegions ? {} : { regions: [] }) };
    await this.masks.sendAgain(look); // after many photos the studio may have dropped them
    const { id } = await sendPhoto(file);
    if (isStopped()) return null;
    const blob = await this.session.export(id, look, { ...this.exporting.options, long_edge: null }, progress);
    return blob && { name: nameOf(file.name, look, this.exporting.ending), blob };
  }

  async #paintFrame(frame) {
    const { look } = this.store;
    const fields = { look: JSON.stringify(look), format: "jpeg", quality: 90 };
    await this.masks.ensure(look);
    try {
      return await paintedFile(frame, fields);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      await this.masks.sendAgain(look);
      return paintedFile(frame, fields);
    }
  }
}

function nameOf(photo, look, ending) {
  return `${(photo ?? "sample").replace(/\.\w+$/, "")}-${look.styles.map(([style]) => style).join("-")}.${ending}`;
}
