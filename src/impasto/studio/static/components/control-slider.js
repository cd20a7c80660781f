// One control of the table: label, slider, number entry, unit, reset. Knows its control, not what it does.

import { t } from "../i18n.js";

let count = 0;

class ControlSlider extends HTMLElement {
  #control;
  #value = null;
  #range;
  #number;
  #reset;

  /** `control` is a row of /api/controls; `onChange(value)` hears of every move. */
  static make(control, onChange) {
    const element = document.createElement("control-slider");
    element.#build(control, onChange);
    return element;
  }

  get label() {
    return t(`control.${this.#control.name}.label`, {}, this.#control.label);
  }

  get help() {
    return t(`control.${this.#control.name}.help`, {}, this.#control.help);
  }

  set value(value) {
    if (value === this.#value && Number(this.#range.value) === value) return;
    this.#value = value;
    const { scale, unit, default: start } = this.#control;
    const shown = Number((value * scale).toFixed(2));
    this.#range.value = value;
    this.#range.setAttribute("aria-valuetext", `${shown} ${unit}`.trim());
    if (document.activeElement !== this.#number) this.#number.value = shown;
    this.#reset.disabled = value === start;
    this.#paintTrack(value);
  }

  #build(control, onChange) {
    this.#control = control;
    const id = `control-${++count}`;
    this.#range = make("input", { type: "range", id, min: control.minimum, max: control.maximum, step: control.step });
    this.#range.setAttribute("aria-describedby", `${id}-help`);
    this.#number = make("input", { type: "number", className: "number", min: control.minimum * control.scale });
    Object.assign(this.#number, { max: control.maximum * control.scale, step: control.step * control.scale });
    this.#number.setAttribute("aria-label", t("control.number", { label: this.label }));
    this.#reset = make("button", { type: "button", className: "reset icon", title: t("control.reset", { label: this.label }) });
    this.#reset.setAttribute("aria-label", this.#reset.title);
    this.#reset.innerHTML = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 6.5A5 5 0 1 1 3 9M3.5 3v3.5H7"/></svg>';
    const entry = make("span", { className: "entry" });
    entry.append(this.#number, make("span", { className: "unit", textContent: control.unit }));
    const head = make("div", { className: "head" });
    head.append(make("label", { htmlFor: id, textContent: this.label }), this.#reset, entry);
    const help = make("span", { id: `${id}-help`, className: "unseen", textContent: this.help });
    this.append(head, this.#range, help);
    this.#listen(onChange);
  }

  #listen(onChange) {
    const { minimum, maximum, scale, default: start } = this.#control;
    this.#range.addEventListener("input", () => onChange(Number(this.#range.value)));
    this.#number.addEventListener("input", () => {
      const value = this.#number.valueAsNumber / scale;
      if (value >= minimum && value <= maximum) onChange(value);
    });
    this.#number.addEventListener("change", () => {
      const value = Math.min(Math.max(this.#number.valueAsNumber / scale, minimum), maximum);
      onChange(Number.isFinite(value) ? value : start);
      this.#number.value = Number((Number(this.#range.value) * scale).toFixed(2));
    });
    this.#reset.addEventListener("click", () => onChange(start));
  }

  /** The filled part of the track runs from the default to the value, so that a glance shows what was changed. */
  #paintTrack(value) {
    const { minimum, maximum, default: start } = this.#control;
    const at = (number) => `${(100 * (number - minimum)) / (maximum - minimum)}%`;
    this.#range.style.setProperty("--from", at(Math.min(value, start)));
    this.#range.style.setProperty("--to", at(Math.max(value, start)));
    this.#range.style.setProperty("--default", at(start));
  }
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

customElements.define("control-slider", ControlSlider);
export { ControlSlider };
