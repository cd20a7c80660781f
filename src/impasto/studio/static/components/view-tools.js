// The tools under the picture: how photo and painting are compared, how near one stands, and a snapshot of the look.

import { icon, iconButton, make } from "../dom.js";
import { t } from "../i18n.js";

const MODES = { split: "M2.5 3.5h11v9h-11zM8 2v12", side: "M2 4h5v8H2zM9 4h5v8H9z" };
const EYE = "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM10 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0z";
const ZOOM = { out: "M3.5 8h9", in: "M8 3.5v9M3.5 8h9", fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" };
const PIN = "M3 3h10v10H3zM5.5 10.5l2-3 1.5 2 1-1.2 1.5 2.2z";

class ViewTools extends HTMLElement {
  #modes = {};

  /** `view` is the compare-view; `onSnapshot()` keeps the look. */
  build({ view, onSnapshot }) {
    this.view = view;
    for (const mode of ["split", "side"]) this.#modes[mode] = this.#makeMode(mode);
    this.percent = make("button", { type: "button", className: "percent", title: t("keys.actual") });
    this.percent.addEventListener("click", () => view.showActual());
    const zoom = make("div", { className: "zoom", role: "group", aria: { label: t("zoom.title") } });
    const step = (name, act) => iconButton(ZOOM[name], t(`zoom.${name}`), act);
    zoom.append(step("out", () => view.zoom(-1)), this.percent, step("in", () => view.zoom(1)), step("fit", () => view.fit()));
    const snapshot = iconButton(PIN, t("snapshots.add"), onSnapshot, "snapshot-add");
    this.append(this.#modes.split, this.#modes.side, this.#makePeek(), zoom, snapshot);
    this.showZoom();
  }

  /** Splits the picture, lays photo and painting side by side, or shows the painting alone where that is how it stands. */
  toggle(mode) {
    this.view.mode = this.view.mode === mode ? "painting" : mode;
    for (const [name, button] of Object.entries(this.#modes)) button.setAttribute("aria-pressed", name === this.view.mode);
  }

  showZoom() {
    const percent = this.view.hasPicture ? `${Math.round(100 * this.view.scale)} %` : "–";
    this.percent.textContent = percent;
    this.percent.setAttribute("aria-label", t("zoom.now", { percent }));
  }

  #makeMode(mode) {
    const label = t(`compare.${mode}.short`);
    const properties = { type: "button", className: `button ${mode}`, title: t(`compare.${mode}`), aria: { pressed: false, label } };
    const button = make("button", properties, icon(MODES[mode]), make("span", { textContent: label }));
    button.addEventListener("click", () => this.toggle(mode));
    return button;
  }

  #makePeek() {
    const label = t("peek.hold");
    const button = make("button", { type: "button", className: "button peek", title: t("peek.keys"), aria: { label } }, icon(EYE));
    let isHeld = false; // by this button: the picture can be held as well
    const hold = (value) => {
      if (isHeld !== value) this.view.isPeeking = value;
      isHeld = value;
    };
    button.addEventListener("pointerdown", () => hold(true));
    button.addEventListener("keydown", (event) => event.key === " " && hold(true));
    for (const type of ["pointerup", "pointercancel", "pointerleave", "keyup", "blur"]) button.addEventListener(type, () => hold(false));
    return button;
  }
}

customElements.define("view-tools", ViewTools);
