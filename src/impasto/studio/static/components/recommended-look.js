// One quiet button beside the styles: the values of controls that the palette recommends for what is chosen. Knows no picture.

import { make } from "../dom.js";
import { t } from "../i18n.js";
import { recommended } from "../look.js";

class RecommendedLook extends HTMLElement {
  #values = {};
  #button = make("button", { type: "button", className: "button" });

  connectedCallback() {
    this.append(this.#button);
    this.#button.addEventListener("click", () => this.onApply(this.#values));
  }

  /** `styles` as of /api/styles, `controls` as of /api/controls; `onApply(values)` hears the wish. */
  build({ styles, controls, onApply }) {
    Object.assign(this, { styles, controls, onApply });
    this.#button.textContent = t("recommended");
  }

  /** Offers what is recommended for this look's styles, and rests where the look is so already. */
  show(look) {
    this.#values = recommended(look.styles, this.styles, this.controls);
    const rows = this.controls.filter(({ name }) => name in this.#values);
    this.hidden = rows.length === 0;
    this.#button.disabled = rows.every(({ name }) => this.#values[name] === look[name]);
    this.#button.title = rows.map((control) => words(control, this.#values[control.name])).join(" · ");
  }
}

function words({ name, label, scale, unit }, value) {
  return `${t(`control.${name}.label`, {}, label)} ${Number((value * scale).toFixed(2))} ${unit}`;
}

customElements.define("recommended-look", RecommendedLook);
