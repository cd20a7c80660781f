// The sheet with all keys, and the hints of the first visit, which go away for good.

import { iconButton, make } from "../dom.js";
import { t } from "../i18n.js";
import { ICONS } from "../icons.js";
import { SHORTCUTS } from "../shortcuts.js";

const HINTS = { mouse: ["hint.hold", "hint.mix", "hint.keys"], touch: ["hint.hold.touch", "hint.mix.touch"] };

class ShortcutSheet extends HTMLElement {
  build() {
    const rows = SHORTCUTS.filter(({ shown }) => shown).flatMap(({ name, shown }) => [
      make("dt", {}, ...shown.split(" ").map((key) => make("kbd", { textContent: key }))),
      make("dd", { textContent: t(`keys.${name}`) }),
    ]);
    const close = make("button", { type: "button", className: "button", textContent: t("close") });
    const title = make("h2", { id: "keys-title", textContent: t("keys.title") });
    const actions = make("div", { className: "actions" }, close);
    this.dialog = make("dialog", { aria: { labelledby: "keys-title" } }, title, make("dl", {}, ...rows), make("p", { textContent: t("keys.mouse") }), actions);
    close.addEventListener("click", () => this.dialog.close());
    this.append(this.dialog);
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }
}

class FirstHints extends HTMLElement {
  /** Shown until it is closed; then `onClose()`. */
  build({ onClose }) {
    this.setAttribute("role", "note");
    const close = () => {
      this.remove();
      onClose();
    };
    const isTouch = matchMedia("(hover: none)").matches;
    const hints = (isTouch ? HINTS.touch : HINTS.mouse).map((key) => make("li", { textContent: t(key) }));
    this.append(make("ul", {}, ...hints), iconButton(ICONS.close, t("hint.close"), close));
  }
}

customElements.define("shortcut-sheet", ShortcutSheet);
customElements.define("first-hints", FirstHints);
