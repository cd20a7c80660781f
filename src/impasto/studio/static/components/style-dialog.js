// One learned style: renamed, exported, deleted. What a style is is not its business.

import { t, translate } from "../i18n.js";
import { paletteOf } from "../learning.js";

const LONGEST_NAME = 60;

class StyleDialog extends HTMLElement {
  #style = null;

  /** `onRename(style, title)` and `onDelete(style)` answer whether it is done. */
  build({ onRename, onDelete }) {
    this.innerHTML = `<dialog aria-labelledby="style-dialog-title"><form method="dialog"><h2 id="style-dialog-title"></h2><p class="hint"></p>
      <div class="row"><label for="style-name" data-t="learn.name"></label><input type="text" id="style-name" maxlength="${LONGEST_NAME}" required></div>
      <div class="actions"><button type="button" class="delete" data-t="own.delete"></button><a class="button export" download data-t="own.export"></a>
        <span class="spacer"></span><button type="button" class="cancel" data-t="export.cancel"></button><button type="submit" class="primary go" data-t="own.rename"></button></div>
      </form></dialog>`;
    translate(this);
    this.dialog = this.querySelector("dialog");
    this.name = this.querySelector("input");
    const closing = async (work) => {
      if (await work) this.dialog.close();
    };
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      closing(onRename(this.#style, this.name.value.trim()));
    });
    this.querySelector(".delete").addEventListener("click", () => closing(onDelete(this.#style)));
    this.querySelector(".cancel").addEventListener("click", () => this.dialog.close());
  }

  open(style) {
    this.#style = style;
    this.querySelector("h2").textContent = style.title;
    this.querySelector(".hint").textContent = [style.artist, style.licence].filter(Boolean).join(" · ");
    this.name.value = style.title;
    this.querySelector(".export").href = paletteOf(style.name);
    if (!this.dialog.open) this.dialog.showModal();
  }
}

customElements.define("style-dialog", StyleDialog);
