// Looks with a name: kept, chosen, dropped, and carried to another browser in a file. What a look means is not its business.

import { iconButton, make } from "../dom.js";
import { t, translate } from "../i18n.js";
import { ICONS } from "../icons.js";

const LONGEST_NAME = 60;
const MOST = 100;
const FORMAT = "impasto-presets";

class PresetDialog extends HTMLElement {
  #presets = [];

  /**
   * `presets` are {name, look}. `look()` is what would be kept now; `onPick(look)` and `onKeep(presets)` hear what the person does, `onSave(blob,
   * name)` gets the file, `onRefuse(message, hint)` what could not be read.
   */
  build({ presets, ...hearers }) {
    Object.assign(this, hearers);
    this.#presets = readPresets(presets);
    this.innerHTML = `<dialog aria-labelledby="presets-title"><h2 id="presets-title" data-t="presets.title"></h2>
      <ul></ul><p class="nothing" data-t="presets.none"></p>
      <form method="dialog"><input type="text" maxlength="${LONGEST_NAME}" required data-t-label="presets.name" data-t-placeholder="presets.name">
        <button type="submit" class="button" data-t="presets.save"></button></form>
      <div class="actions"><button type="button" class="import" data-t="presets.import"></button><button type="button" class="file" data-t="presets.export"></button>
        <span class="spacer"></span><button type="button" class="close" data-t="close"></button></div>
      <input type="file" class="unseen" accept="application/json,.json" tabindex="-1" data-t-label="presets.import"></dialog>`;
    translate(this);
    this.dialog = this.querySelector("dialog");
    this.#listen();
    this.#show();
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  #listen() {
    const field = this.querySelector("input[type=text]");
    const file = this.querySelector("input[type=file]");
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add([{ name: field.value.trim(), look: this.look() }]);
      field.value = "";
    });
    this.querySelector(".close").addEventListener("click", () => this.dialog.close());
    this.querySelector(".import").addEventListener("click", () => file.click());
    this.querySelector(".file").addEventListener("click", () => {
      const text = JSON.stringify({ format: FORMAT, presets: this.#presets }, null, 1);
      this.onSave(new Blob([text], { type: "application/json" }), "impasto-presets.json");
    });
    file.addEventListener("change", async () => {
      if (file.files[0]) await this.#import(file.files[0]);
      file.value = "";
    });
  }

  async #import(file) {
    let found = {};
    try {
      found = JSON.parse(await file.text());
    } catch {
      // no JSON at all: refused below, as any other file without presets
    }
    const presets = found?.format === FORMAT ? readPresets(found.presets) : [];
    if (presets.length > 0) this.#add(presets);
    else this.onRefuse(t("presets.unreadable"), t("presets.unreadable.hint"));
  }

  /** A name stands once: the newer look replaces the older one. */
  #add(presets) {
    const names = new Set(presets.map(({ name }) => name));
    const wanted = readPresets([...this.#presets.filter(({ name }) => !names.has(name)), ...presets]);
    this.#become(wanted.slice(-MOST));
  }

  #become(presets) {
    this.#presets = presets;
    this.onKeep(presets);
    this.#show();
  }

  #show() {
    this.querySelector("ul").replaceChildren(...this.#presets.map((preset) => this.#makeOne(preset)));
    this.querySelector(".nothing").hidden = this.#presets.length > 0;
    this.querySelector(".file").disabled = this.#presets.length === 0;
  }

  #makeOne(preset) {
    const pick = make("button", { type: "button", className: "pick", textContent: preset.name });
    pick.addEventListener("click", () => {
      this.onPick(preset.look);
      this.dialog.close();
    });
    const drop = () => this.#become(this.#presets.filter((other) => other !== preset));
    return make("li", {}, pick, iconButton(ICONS.trash, t("presets.drop", preset), drop));
  }
}

function readPresets(presets) {
  const isPreset = ({ name, look } = {}) => typeof name === "string" && name.trim() && typeof look === "object" && look;
  return (Array.isArray(presets) ? presets : []).filter(isPreset).map(({ name, look }) => ({ name: name.trim().slice(0, LONGEST_NAME), look }));
}

customElements.define("preset-dialog", PresetDialog);
