// All sliders of the table in their groups, so that a new control is free; which of them a surprise leaves alone. Knows no look but the values.

import { make } from "../dom.js";
import { t } from "../i18n.js";
import { ControlSlider } from "./control-slider.js";

const GROUPS = { strength: "stroke", brush: "stroke", keep_colour: "colour", saturation: "colour", hue: "colour", warmth: "colour" };

class ControlPanel extends HTMLElement {
  #sliders = new Map();
  #locked = new Set();

  /** `controls` as of /api/controls; a control with no group of its own joins "light". `onChange(name, value)`, `onLocks(names)`. */
  build(controls, { locked, onChange, onLocks }) {
    this.#locked = new Set(locked);
    this.onLocks = onLocks;
    const sections = new Map();
    for (const control of controls) {
      const group = GROUPS[control.name] ?? "light";
      if (!sections.has(group)) sections.set(group, make("section", { data: { group } }, make("h2", { textContent: t(`group.${group}`) })));
      const slider = ControlSlider.make(control, (value) => onChange(control.name, value), () => this.toggleLock(control.name));
      slider.isLocked = this.#locked.has(control.name);
      this.#sliders.set(control.name, slider);
      sections.get(group).append(slider);
    }
    this.append(...sections.values());
  }

  get locked() {
    return this.#locked;
  }

  toggleLock(name) {
    if (!this.#locked.delete(name)) this.#locked.add(name);
    const slider = this.#sliders.get(name);
    if (slider) slider.isLocked = this.#locked.has(name);
    this.onLocks([...this.#locked]);
  }

  /** Values by control name. */
  show(values) {
    for (const [name, slider] of this.#sliders) slider.value = values[name];
  }
}

customElements.define("control-panel", ControlPanel);
