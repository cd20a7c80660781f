// What a style is to be learned from: pictures, a name, minutes. Without the training half it says how to install it. Starting is not its business.

import { iconButton, make } from "../dom.js";
import { t, translate } from "../i18n.js";
import { ICONS } from "../icons.js";

const MOST = 200;
const SHOWN = 24;
const MOST_BYTES = 256 * 2 ** 20;
const MINUTES = [1, 2, 5, 10, 20, 60];
const USUAL_MINUTES = 5;
const LONGEST_NAME = 60;

class LearnDialog extends HTMLElement {
  #pictures = [];

  /** `onStart({pictures, title, minutes, licence})` answers whether it has begun; `onRefuse(message, hint)` hears what does not do. */
  build({ onStart, onRefuse }) {
    Object.assign(this, { onStart, onRefuse });
    this.innerHTML = `<dialog aria-labelledby="learn-dialog-title"><h2 id="learn-dialog-title" data-t="learn.title"></h2>
      <form method="dialog"><p class="hint" data-t="learn.hint"></p>
        <div class="drop"><ul></ul><button type="button" class="button choose" data-t="learn.choose"></button><p class="hint count" role="status"></p></div>
        <div class="row"><label for="learn-name" data-t="learn.name"></label><input type="text" id="learn-name" maxlength="${LONGEST_NAME}" required></div>
        <div class="row"><label for="learn-minutes" data-t="learn.minutes"></label><select id="learn-minutes"></select></div>
        <div class="row"><label for="learn-licence" data-t="learn.licence"></label><input type="text" id="learn-licence" maxlength="200" data-t-placeholder="learn.licence.example"></div>
        <p class="hint" data-t="learn.rights"></p>
        <div class="actions"><button type="button" class="cancel" data-t="export.cancel"></button><button type="submit" class="primary go" data-t="learn.go"></button></div></form>
      <div class="missing"><p data-t="learn.missing"></p><pre><code></code></pre><p class="hint" data-t="learn.missing.hint"></p>
        <div class="actions"><button type="button" class="cancel" data-t="close"></button></div></div>
      <input type="file" class="unseen" accept="image/*" multiple tabindex="-1" data-t-label="learn.choose"></dialog>`;
    translate(this);
    this.dialog = this.querySelector("dialog");
    this.input = this.querySelector("input[type=file]");
    this.name = this.querySelector("#learn-name");
    const options = MINUTES.map((minutes) => new Option(t("learn.minutes.count", { minutes }), minutes, false, minutes === USUAL_MINUTES));
    this.querySelector("select").append(...options);
    this.#listen();
    this.#show();
  }

  open({ available, command }) {
    this.querySelector("form").hidden = !available;
    this.querySelector(".missing").hidden = available;
    this.querySelector("code").textContent = command;
    if (!this.dialog.open) this.dialog.showModal();
  }

  #listen() {
    this.querySelector(".choose").addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => {
      this.#add([...this.input.files]);
      this.input.value = "";
    });
    for (const button of this.querySelectorAll(".cancel")) button.addEventListener("click", () => this.dialog.close());
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
    this.#listenToDrops();
  }

  /** What is dropped or pasted here is no photo to paint: the page must not hear of it. */
  #listenToDrops() {
    for (const type of ["dragenter", "dragleave", "dragover", "drop", "paste"]) {
      this.dialog.addEventListener(type, (event) => {
        event.stopPropagation();
        if (type !== "paste") event.preventDefault();
        if (type === "dragover") this.querySelector(".drop").classList.add("over");
        if (type === "dragleave" || type === "drop") this.querySelector(".drop").classList.remove("over");
        if (type === "drop" || type === "paste") this.#add([...((event.dataTransfer ?? event.clipboardData)?.files ?? [])]);
      });
    }
  }

  #add(files) {
    const pictures = [...this.#pictures.map(({ file }) => file), ...files];
    if (pictures.length > MOST) return this.onRefuse(t("learn.many", { count: pictures.length }), t("learn.many.hint", { most: MOST }));
    if (pictures.reduce((sum, { size }) => sum + size, 0) > MOST_BYTES) return this.onRefuse(t("learn.heavy"), t("learn.heavy.hint", { mib: MOST_BYTES / 2 ** 20 }));
    for (const file of files) this.#pictures.push({ file, url: URL.createObjectURL(file) });
    if (!this.name.value && pictures.length > 0) this.name.value = titleOf(pictures[0].name);
    this.#show();
  }

  #drop(picture) {
    URL.revokeObjectURL(picture.url);
    this.#pictures = this.#pictures.filter((other) => other !== picture);
    this.#show();
  }

  #show() {
    const count = this.#pictures.length;
    const shown = this.#pictures.slice(0, SHOWN).map((picture) => {
      const drop = iconButton(ICONS.close, t("learn.drop", { name: picture.file.name }), () => this.#drop(picture));
      return make("li", {}, make("img", { src: picture.url, alt: picture.file.name, loading: "lazy" }), drop);
    });
    this.querySelector("ul").replaceChildren(...shown);
    this.querySelector(".count").textContent = count === 0 ? t("learn.none") : t(count === 1 ? "learn.count.one" : "learn.count", { count });
    this.querySelector(".go").disabled = count === 0;
  }

  async #start() {
    const go = this.querySelector(".go");
    go.disabled = true;
    const value = (id) => this.querySelector(id).value.trim();
    const pictures = this.#pictures.map(({ file }) => file);
    const hasBegun = await this.onStart({ pictures, title: value("#learn-name"), minutes: value("#learn-minutes"), licence: value("#learn-licence") });
    if (hasBegun) {
      for (const picture of [...this.#pictures]) this.#drop(picture);
      this.name.value = "";
      this.dialog.close();
    }
    this.#show();
  }
}

/** A first name for the style, from that of a file. */
function titleOf(name) {
  const words = name.replace(/\.\w+$/, "").replace(/[_-]+/g, " ").trim();
  return (words.charAt(0).toUpperCase() + words.slice(1)).slice(0, LONGEST_NAME);
}

customElements.define("learn-dialog", LearnDialog);
