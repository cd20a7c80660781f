// A style as text: the chosen one, or the mix, to be copied or kept; and one that somebody sent, to be pasted. Beside it a style guessed from
// pictures, which is a mix too. What a text holds, and how one guesses, is not its business.

import { t, translate } from "../i18n.js";
import { addText, guessStyle, textOf } from "../learning.js";

const LONGEST_NAME = 60;
const ASK_AFTER_MS = 250;

class SharePanel extends HTMLElement {
  #askedSoon = 0;
  #asked = 0; // requests so far: only the answer to the newest counts

  /** `chosen()` are the look's styles, [name, weight] each; `titleOf(name)` is a style's title; `onStyle(style)` hears of one that was added, `failed(error)` of refusals. */
  build(hearers) {
    Object.assign(this, hearers);
    this.innerHTML = `<div class="ways"><button type="button" class="button guess" data-t="guess.open" data-t-title="guess.help"></button>
        <button type="button" class="button open" data-t="share.open" data-t-title="share.help"></button></div>
      <input type="file" class="unseen" accept="image/*" multiple tabindex="-1" data-t-label="guess.open">
      <dialog aria-labelledby="share-title"><h2 id="share-title" data-t="share.title"></h2>
        <div class="row"><label for="share-name" data-t="share.name"></label><input type="text" id="share-name" maxlength="${LONGEST_NAME}"></div>
        <textarea class="ours" rows="4" readonly spellcheck="false" data-t-label="share.text"></textarea>
        <p class="said" role="status"></p>
        <div class="actions"><button type="button" class="keep" data-t="share.keep"></button><button type="button" class="primary copy" data-t="share.copy"></button></div>
        <label for="share-paste" data-t="share.paste"></label>
        <textarea class="theirs" id="share-paste" rows="3" spellcheck="false" data-t-placeholder="share.paste.here"></textarea>
        <p class="problem" role="alert"></p>
        <div class="actions"><button type="button" class="close" data-t="close"></button><button type="button" class="primary add" data-t="share.add"></button></div></dialog>`;
    translate(this);
    this.dialog = this.querySelector("dialog");
    this.name = this.querySelector("#share-name");
    this.ours = this.querySelector(".ours");
    this.theirs = this.querySelector(".theirs");
    this.#listen();
  }

  #listen() {
    const files = this.querySelector("input[type=file]");
    this.querySelector(".guess").addEventListener("click", () => files.click());
    files.addEventListener("change", async () => {
      if (files.files.length > 0) await this.#guess([...files.files]);
      files.value = "";
    });
    this.querySelector(".open").addEventListener("click", () => this.#open());
    this.querySelector(".close").addEventListener("click", () => this.dialog.close());
    this.querySelector(".copy").addEventListener("click", () => this.#copy());
    this.querySelector(".keep").addEventListener("click", () => this.#add(this.ours.value, ".said"));
    this.querySelector(".add").addEventListener("click", () => this.#add(this.theirs.value, ".problem"));
    this.name.addEventListener("input", () => {
      clearTimeout(this.#askedSoon);
      this.#askedSoon = setTimeout(() => this.#ask(), ASK_AFTER_MS);
    });
  }

  async #guess(pictures) {
    const button = this.querySelector(".guess");
    button.disabled = true;
    try {
      const title = pictures[0].name.replace(/\.\w+$/, "").replace(/[_-]+/g, " ").trim().slice(0, LONGEST_NAME);
      this.onStyle(await guessStyle(pictures, title || t("guess.title")));
    } catch (error) {
      this.failed(error);
    }
    button.disabled = false;
  }

  #open() {
    const styles = this.chosen();
    this.name.value = styles.map(([name]) => this.titleOf(name)).join(t("share.and")).slice(0, LONGEST_NAME);
    this.theirs.value = "";
    this.querySelector(".keep").hidden = styles.length < 2;
    this.#say(".problem", "");
    this.#ask();
    if (!this.dialog.open) this.dialog.showModal();
  }

  async #ask() {
    const number = ++this.#asked;
    let text = "";
    let problem = "";
    try {
      ({ text } = await textOf(this.chosen(), this.name.value.trim()));
    } catch (error) {
      problem = sentences(error);
    }
    if (number !== this.#asked) return;
    this.ours.value = text;
    this.ours.hidden = !text;
    for (const button of [".copy", ".keep"]) this.querySelector(button).disabled = !text;
    this.#say(".said", problem);
  }

  /** Without a secure address the browser gives no clipboard: then the text is chosen, for a key to copy it. */
  async #copy() {
    try {
      await navigator.clipboard.writeText(this.ours.value);
      this.#say(".said", t("share.copied"));
    } catch {
      this.ours.select();
      this.#say(".said", t("share.press"));
    }
  }

  async #add(text, place) {
    try {
      const style = await addText(text.trim());
      this.dialog.close();
      this.onStyle(style);
    } catch (error) {
      this.#say(place, sentences(error));
    }
  }

  #say(place, text) {
    const element = this.querySelector(place);
    if (element.textContent !== text) element.textContent = text;
  }
}

function sentences({ message, hint }) {
  return [message, hint].filter(Boolean).join(" ");
}

customElements.define("share-panel", SharePanel);
