// The weights of a mix, on a pad and as sliders: shown when two or more styles are chosen. They always add up to 100 %.

import { make } from "../dom.js";
import { t } from "../i18n.js";
import { reweigh } from "../look.js";
import { ControlSlider } from "./control-slider.js";
import { MixPad } from "./mix-pad.js";

class StyleMix extends HTMLElement {
  #names = "";
  #mixed = [];
  #sliders = new Map();
  #pad = document.createElement("mix-pad");

  /** `onWeights(styles, key)` hears the moves; `titleOf(name)` gives the words. */
  build({ onWeights, titleOf }) {
    Object.assign(this, { onWeights, titleOf });
    this.#pad.build({ onWeights: (styles) => onWeights(styles, "pad"), titleOf });
    this.hidden = true;
  }

  show(mixed) {
    const parts = mixed.length < 2 ? [] : mixed;
    const names = parts.map(([name]) => name).join();
    this.#mixed = parts;
    if (names !== this.#names) this.#rebuild(parts);
    this.#names = names;
    if (MixPad.holds(parts.length)) this.#pad.show(parts);
    const sum = parts.reduce((total, [, weight]) => total + weight, 0);
    for (const [name, weight] of parts) this.#sliders.get(name).value = Math.round((100 * weight) / sum) / 100;
  }

  #rebuild(mixed) {
    this.#sliders.clear();
    this.replaceChildren();
    this.hidden = mixed.length === 0;
    if (this.hidden) return;
    this.append(make("h3", { textContent: t("mix.title") }));
    if (MixPad.holds(mixed.length)) this.append(this.#pad);
    for (const [name] of mixed) {
      const onWeight = (weight) => this.onWeights(reweigh(this.#mixed, name, weight), `weight ${name}`);
      const slider = ControlSlider.make(this.#control(name, mixed.length), onWeight);
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
