// One control of the table: label, slider, number entry, unit, reset, and a lock against surprises. Knows its control, not what it does.

import { iconButton, make } from "../dom.js";
import { t } from "../i18n.js";
import { ICONS } from "../icons.js";

let count = 0;

class ControlSlider extends HTMLElement {
  #control;
  #value = null;
  #range;
  #number;
  #reset;
  #lock = null;

  /** `control` is a row of /api/controls; `onChange(value)` hears of every move, `onLock()` of the lock (none without it). */
  static make(control, onChange, onLock = null) {
    const element = document.createElement("control-slider");
    element.#build(control, onChange, onLock);
    return element;
  }

  set isLocked(value) {
    this.#lock.setAttribute("aria-pressed", value);
    this.#lock.querySelector("path").setAttribute("d", value ? ICONS.lock : ICONS.unlock);
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

  #build(control, onChange, onLock) {
    this.#control = control;
    const id = `control-${++count}`;
    const { minimum, maximum, step, scale, unit } = control;
    const { label } = this;
    this.#range = make("input", { type: "range", id, min: minimum, max: maximum, step, aria: { describedby: `${id}-help` } });
    const bounds = { min: minimum * scale, max: maximum * scale, step: Number((step * scale).toFixed(4)) };
    this.#number = make("input", { type: "number", className: "number", ...bounds, aria: { label: t("control.number", { label }) } });
    this.#reset = iconButton(ICONS.reset, t("control.reset", { label }), () => onChange(control.default), "reset");
    const head = make("div", { className: "head" }, make("label", { htmlFor: id, textContent: label }));
    if (onLock) head.append((this.#lock = iconButton(ICONS.unlock, t("control.lock", { label }), onLock, "lock")));
    head.append(this.#reset, make("span", { className: "entry" }, this.#number, make("span", { className: "unit", textContent: unit })));
    this.append(head, this.#range, make("span", { id: `${id}-help`, className: "unseen", textContent: this.help }));
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
  }

  /** The filled part of the track runs from the default to the value, so that a glance shows what was changed. */
  #paintTrack(value) {
    const { minimum, maximum, default: start } = this.#control;
    const at = (number) => `${(100 * (number - minimum)) / (maximum - minimum)}%`;
    this.#range.style.setProperty("--from", at(Math.min(value, start)));
    this.#range.style.setProperty("--to", at(Math.max(value, start)));
  }
}

customElements.define("control-slider", ControlSlider);
export { ControlSlider };
