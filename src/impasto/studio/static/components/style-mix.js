// The weights of a mix: shown when two or more styles are chosen. They always add up to 100 %.

import { t } from "../i18n.js";
import { ControlSlider } from "./control-slider.js";

class StyleMix extends HTMLElement {
  #names = "";
  #sliders = new Map();

  /** `onWeight(name, weight)` hears the moves; `titleOf(name)` gives the words. */
  build({ onWeight, titleOf }) {
    Object.assign(this, { onWeight, titleOf });
    this.hidden = true;
  }

  show(mixed) {
    const parts = mixed.length < 2 ? [] : mixed;
    const names = parts.map(([name]) => name).join();
    if (names !== this.#names) this.#rebuild(parts);
    this.#names = names;
    for (const [name, weight] of parts) this.#sliders.get(name).value = weight;
  }

  #rebuild(mixed) {
    this.#sliders.clear();
    this.replaceChildren();
    this.hidden = mixed.length === 0;
    if (this.hidden) return;
    const heading = document.createElement("h3");
    heading.textContent = t("mix.title");
    this.append(heading);
    for (const [name] of mixed) {
      const slider = ControlSlider.make(this.#control(name, mixed.length), (weight) => this.onWeight(name, weight));
      this.#sliders.set(name, slider);
      this.append(slider);
    }
  }

  #control(name, count) {
    const title = this.titleOf(name);
    const weight = { minimum: 0, maximum: 1, step: 0.01, default: Math.round(100 / count) / 100, unit: "%", scale: 100 };
    return { name: `weight-${name}`, label: t("mix.weight", { style: title }), help: t("mix.help"), ...weight };
  }
}

customElements.define("style-mix", StyleMix);
