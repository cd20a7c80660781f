// Size and format of the exported file, then progress and cancel. What is exported is not its business.

import { t, translate } from "../i18n.js";

const ENDINGS = { png: "png", jpeg: "jpg", webp: "webp", tiff: "tif" };
const LOSSY = ["jpeg", "webp"];

class ExportDialog extends HTMLElement {
  /** `onExport(options, ending)` starts, `onCancel()` stops; `onCopy(options)` copies, `onMore()` paints other photos with the same look. */
  build({ onExport, onCancel, onCopy, onMore }) {
    this.innerHTML = `<dialog aria-labelledby="export-title"><form method="dialog">
      <h2 id="export-title" data-t="export.title"></h2>
      <div class="row"><label for="export-format" data-t="export.format"></label><select id="export-format">
        <option value="jpeg">JPEG</option><option value="png">PNG</option><option value="webp">WebP</option><option value="tiff">TIFF</option></select></div>
      <div class="row quality"><label for="export-quality" data-t="export.quality"></label>
        <input type="range" id="export-quality" min="1" max="100" value="92"><output for="export-quality">92</output></div>
      <div class="row"><label for="export-size" data-t="export.size"></label><select id="export-size"></select></div>
      <div class="row"><label for="export-metadata" data-t="export.metadata"></label><input type="checkbox" id="export-metadata" checked></div>
      <div class="row"><label for="export-look" data-t="export.look"></label><input type="checkbox" id="export-look" checked></div>
      <div class="working" hidden><progress max="1" value="0"></progress><span role="status"></span></div>
      <div class="actions"><button type="button" class="more" data-t="export.more"></button><button type="button" class="copy" data-t="export.copy"></button><span class="spacer"></span>
        <button type="button" class="cancel" data-t="export.cancel"></button>
        <button type="submit" class="primary go" data-t="export.go"></button></div></form></dialog>`;
    translate(this);
    this.dialog = this.querySelector("dialog");
    this.format = this.querySelector("#export-format");
    this.quality = this.querySelector("#export-quality");
    this.onExport = onExport;
    this.onCancel = onCancel;
    this.querySelector(".copy").addEventListener("click", () => this.#start((options) => onCopy({ ...options, format: "png" })));
    this.querySelector(".more").addEventListener("click", () => {
      this.dialog.close();
      onMore();
    });
    this.#listen();
  }

  get isWorking() {
    return !this.querySelector(".working").hidden;
  }

  open({ width, height }) {
    const longest = Math.max(width, height);
    const edges = [longest, ...[4096, 2048, 1080].filter((edge) => edge < longest)];
    const option = (edge, i) => {
      const [w, h] = [width, height].map((side) => Math.max(1, Math.round((side * edge) / longest)));
      return new Option(`${i === 0 ? `${t("export.full")} ` : ""}${w} × ${h}`, i === 0 ? "" : edge);
    };
    this.querySelector("#export-size").replaceChildren(...edges.map(option));
    if (!this.dialog.open) this.dialog.showModal();
  }

  set progress(fraction) {
    this.querySelector("progress").value = fraction;
    this.querySelector(".working span").textContent = `${Math.round(100 * fraction)} %`;
  }

  /** The export has ended, well (then the dialog closes) or not. */
  end(isDone) {
    this.#work(false);
    if (isDone) this.dialog.close();
  }

  #listen() {
    const showQuality = () => {
      this.querySelector(".quality").hidden = !LOSSY.includes(this.format.value);
      this.querySelector("output").textContent = this.quality.value;
      this.quality.style.setProperty("--to", `${(100 * (this.quality.value - 1)) / 99}%`);
    };
    this.format.addEventListener("change", showQuality);
    this.quality.addEventListener("input", showQuality);
    showQuality();
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.isWorking) this.#start(this.onExport);
    });
    this.querySelector(".cancel").addEventListener("click", () => this.#cancel());
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#cancel();
    });
  }

  /** What is chosen: {format, quality, keep_metadata, embed_look}. */
  get options() {
    const isChecked = (id) => this.querySelector(id).checked;
    const { format, quality } = this;
    return { format: format.value, quality: Number(quality.value), keep_metadata: isChecked("#export-metadata"), embed_look: isChecked("#export-look") };
  }

  get ending() {
    return ENDINGS[this.format.value];
  }

  #start(act) {
    const edge = this.querySelector("#export-size").value;
    this.progress = 0;
    this.#work(true);
    act({ ...this.options, long_edge: edge ? Number(edge) : null }, this.ending);
  }

  #cancel() {
    if (this.isWorking) this.onCancel();
    else this.dialog.close();
  }

  #work(isWorking) {
    this.querySelector(".working").hidden = !isWorking;
    for (const name of ["go", "copy", "more"]) this.querySelector(`.${name}`).disabled = isWorking;
  }
}

customElements.define("export-dialog", ExportDialog);
