// A list of photos that are painted with one look, one after the other, into one archive. How a photo is painted is not its business.

import { iconButton, make } from "../dom.js";
import { t, translate } from "../i18n.js";
import { ICONS } from "../icons.js";

class BatchDialog extends HTMLElement {
  #photos = []; // {file, row, state}
  #isStopped = false;
  #isWorking = false;

  /**
   * `paint(file, {progress, isStopped, withRegions})` answers {name, blob}, or null where it was cancelled; `onCancel()` stops it;
   * `onDone(files)` gets all that was painted; `hasRegions()` tells whether the look has some.
   */
  build(hearers) {
    Object.assign(this, hearers);
    this.innerHTML = `<dialog aria-labelledby="batch-title"><h2 id="batch-title" data-t="batch.title"></h2><p class="hint" data-t="batch.hint"></p>
      <label class="regions"><input type="checkbox" checked> <span data-t="batch.regions"></span></label><ul></ul><div class="working"><progress max="1" value="0" data-t-label="batch.progress"></progress><span role="status"></span></div>
      <div class="actions"><button type="button" class="add" data-t="batch.add"></button><span class="spacer"></span>
        <button type="button" class="cancel" data-t="export.cancel"></button><button type="button" class="primary go" data-t="batch.go" autofocus></button></div>
      <input type="file" accept="image/*" multiple class="unseen" tabindex="-1" data-t-label="batch.add"></dialog>`;
    translate(this);
    this.dialog = this.querySelector("dialog");
    this.list = this.querySelector("ul");
    this.input = this.querySelector("input[type=file]");
    this.#listen();
    this.#show();
  }

  open(files = []) {
    for (const file of files) this.#add(file);
    this.#show();
    this.querySelector(".regions").hidden = !this.hasRegions();
    if (!this.dialog.open) this.dialog.showModal();
  }

  #listen() {
    this.querySelector(".add").addEventListener("click", () => this.input.click());
    this.querySelector(".go").addEventListener("click", () => this.#run());
    this.input.addEventListener("change", () => {
      this.open([...this.input.files]);
      this.input.value = "";
    });
    this.querySelector(".cancel").addEventListener("click", () => this.#cancel());
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#cancel();
    });
  }

  #add(file) {
    const photo = { file, state: "waiting" };
    const drop = iconButton(ICONS.close, t("batch.drop", file), () => {
      this.#photos = this.#photos.filter((other) => other !== photo);
      photo.row.remove();
      this.#show();
    });
    photo.words = make("span", { className: "state" });
    photo.row = make("li", {}, make("span", { className: "name", textContent: file.name }), photo.words, drop);
    this.#photos.push(photo);
    this.list.append(photo.row);
  }

  #show(share = 0) {
    for (const photo of this.#photos) {
      photo.row.dataset.state = photo.state;
      photo.words.textContent = photo.why ?? t(`batch.${photo.state}`);
      photo.row.querySelector("button").hidden = this.#isWorking;
    }
    const done = this.#photos.filter(({ state }) => state === "done" || state === "failed").length;
    this.querySelector(".working").hidden = !this.#isWorking && done === 0;
    this.querySelector("progress").value = (done + share) / Math.max(1, this.#photos.length);
    this.querySelector("[role=status]").textContent = t("batch.count", { done, count: this.#photos.length });
    this.querySelector(".go").disabled = this.#isWorking || !this.#photos.some(({ state }) => state === "waiting");
    for (const still of this.querySelectorAll(".add, .regions input")) still.disabled = this.#isWorking;
  }

  async #run() {
    this.#isWorking = true;
    this.#isStopped = false;
    const painted = [];
    for (const photo of this.#photos.filter(({ state }) => state === "waiting")) {
      if (this.#isStopped) break;
      await this.#paintOne(photo, painted);
    }
    this.#isWorking = false;
    this.#show();
    if (painted.length > 0) this.onDone(painted);
  }

  async #paintOne(photo, painted) {
    photo.state = "working";
    this.#show();
    try {
      const withRegions = this.querySelector(".regions input").checked;
      const file = await this.paint(photo.file, { progress: (share) => this.#show(share), isStopped: () => this.#isStopped, withRegions });
      photo.state = file ? "done" : "waiting";
      if (file) painted.push(file);
    } catch (error) {
      photo.state = "failed";
      photo.why = error.message;
    }
    this.#show();
  }

  #cancel() {
    if (!this.#isWorking) {
      this.dialog.close();
      this.#photos = [];
      this.list.replaceChildren();
      return;
    }
    this.#isStopped = true;
    this.onCancel();
  }
}

customElements.define("batch-dialog", BatchDialog);
