// The regions of a look, and the brush that paints their masks on the picture. The panel edits the look of the region that is chosen.

import { icon, iconButton, make } from "../dom.js";
import { t } from "../i18n.js";
import { ICONS } from "../icons.js";
import { Mask } from "../mask.js";
import { ControlSlider } from "./control-slider.js";

const MOST = 8;
const FEATHER_PX = 4;
const SHOWN_MS = 700;
const BRUSH = [
  { name: "mask-size", minimum: 0.01, maximum: 0.5, step: 0.01, default: 0.12 },
  { name: "mask-hardness", minimum: 0, maximum: 1, step: 0.05, default: 0.5 },
];

class RegionPanel extends HTMLElement {
  #chosen = null; // the number of the region, or null for the whole picture
  #regions = [];
  #mask = null;
  #maskName = "";
  #brush = { size: BRUSH[0].default, hardness: BRUSH[1].default, erases: false };
  #sliders = [];
  #fading = 0;
  #lingers = false; // the mask is shown because nothing else shows where the region lies
  #commits = Promise.resolve();

  /**
   * `view` is the compare-view, `masks` keeps the masks. `onChoose()` hears that another region is chosen, `onRegions(change, key)` a function that
   * makes other regions of those there are; `newRegion()` gives the controls of a new one, `photo()` what is painted; `failed(error)`.
   */
  build({ canFindSubject, ...hearers }) {
    Object.assign(this, hearers);
    this.list = make("div", { className: "list", role: "group", aria: { label: t("regions.title") } });
    this.tools = make("div", { className: "mask-tools", hidden: true });
    const head = make("div", { className: "head-row" }, make("h2", { textContent: t("regions.title") }), iconButton(ICONS.add, t("regions.add"), () => this.#add(), "add"));
    this.append(head, this.list, this.tools);
    this.#buildTools(canFindSubject);
    this.ring = make("div", { className: "ring", hidden: true });
    this.view.pane.append(this.ring);
    this.view.pane.addEventListener("pointermove", (event) => this.#moveRing(event));
    this.view.pane.addEventListener("pointerleave", () => (this.ring.hidden = true));
  }

  /** The region whose controls the panel shows, or null. */
  get chosen() {
    return this.#chosen !== null && this.#chosen < this.#regions.length ? this.#chosen : null;
  }

  show(regions) {
    const before = this.#regions;
    this.#regions = regions;
    if (this.#chosen !== null && this.#chosen >= regions.length) this.#choose(null);
    else if (regions.length !== before.length || this.list.childElementCount === 0) this.#showList();
    const name = this.chosen === null ? "" : regions[this.chosen].mask;
    if (name !== this.#maskName) this.#loadMask(name);
    else if (this.#lingers && !this.#isUnseen()) this.#showMask(false);
  }

  toggleMask() {
    if (this.chosen !== null) this.#showMask(!this.view.classList.contains("masked"));
  }

  /** The brush one step larger (1) or smaller (-1). */
  resize(direction) {
    const { minimum, maximum } = BRUSH[0];
    this.#brush.size = Math.min(Math.max(this.#brush.size * 1.2 ** direction, minimum), maximum);
    this.#showBrush();
  }

  // --- the list ---

  #showList() {
    const choose = (number, text) => {
      const button = make("button", { type: "button", className: "choice", textContent: text, aria: { pressed: this.#chosen === number } });
      button.addEventListener("click", () => this.#choose(number));
      return button;
    };
    const rows = this.#regions.map((_, i) => {
      const number = i + 1;
      const drop = iconButton(ICONS.trash, t("regions.drop", { number }), () => this.#drop(i));
      return make("div", { className: "row" }, choose(i, t("regions.one", { number })), drop);
    });
    const isAlone = rows.length === 0;
    this.list.replaceChildren(...(isAlone ? [make("p", { textContent: t("regions.none") })] : [choose(null, t("regions.whole")), ...rows]));
    this.tools.hidden = this.chosen === null;
  }

  #choose(number) {
    this.#chosen = number;
    this.view.tool = number === null ? null : this.#tool();
    this.view.classList.toggle("masking", number !== null);
    this.#showList();
    this.#loadMask(number === null ? "" : this.#regions[number].mask);
    this.onChoose();
  }

  async #add() {
    if (this.#regions.length >= MOST || !this.photo()) return;
    try {
      const mask = await this.masks.add(Mask.for(this.photo()));
      this.onRegions((regions) => [...regions, { mask, ...this.newRegion() }], `region ${performance.now()}`);
      this.show(this.#regions);
      this.#choose(this.#regions.length - 1);
    } catch (error) {
      this.failed(error);
    }
  }

  #drop(number) {
    this.#choose(null);
    this.onRegions((regions) => regions.filter((_, i) => i !== number), `region ${performance.now()}`);
  }

  // --- the mask ---

  async #loadMask(name) {
    this.#maskName = name;
    this.#mask = null;
    if (!name) {
      this.#showMask(false);
      return;
    }
    const mask = (await this.masks.get(name)) ?? Mask.for(this.photo());
    if (name !== this.#maskName) return;
    this.#mask = mask;
    mask.draw(this.view.mask);
    this.#flash();
  }

  /** What the mask has become is kept and painted, one stroke after the other. */
  #commit() {
    const [mask, number] = [this.#mask.copy(), this.chosen];
    this.#commits = this.#commits.then(() => this.#keep(mask, number));
  }

  async #keep(drawn, number) {
    try {
      const mask = await this.masks.add(drawn);
      if (number === this.chosen) this.#maskName = mask;
      this.onRegions((regions) => regions.map((region, i) => (i === number ? { ...region, mask } : region)), `mask ${performance.now()}`);
    } catch (error) {
      this.failed(error);
    }
  }

  #change(act) {
    if (!this.#mask) return;
    act(this.#mask);
    this.#mask.draw(this.view.mask);
    this.#flash();
    this.#commit();
  }

  #showMask(isShown) {
    clearTimeout(this.#fading);
    this.#lingers = false;
    this.view.classList.toggle("masked", isShown);
  }

  /** The mask shows for a moment, so that what it has become can be seen, and then the painting; it stays while that shows nothing of it. */
  #flash() {
    this.#showMask(true);
    this.#fading = setTimeout(() => {
      const lingers = this.#isUnseen();
      this.#showMask(lingers);
      this.#lingers = lingers;
    }, SHOWN_MS);
  }

  /** Whether the chosen region is painted just like the whole picture, so that it cannot be seen. */
  #isUnseen() {
    const { mask, ...own } = this.#regions[this.chosen] ?? {};
    const whole = this.newRegion();
    return mask !== undefined && Object.keys(whole).every((name) => JSON.stringify(whole[name]) === JSON.stringify(own[name]));
  }

  /** The stroke that compare-view hands its pointer to. It is over when another mask comes under it: an undo, say, or another photo. */
  #tool() {
    let stroke = null; // the mask that it began on, that mask before it, and where it has come to
    const lives = () => (stroke = stroke?.mask === this.#mask ? stroke : null);
    const brush = (to) => {
      this.#mask.stroke(stroke.last, to, this.#brush);
      stroke.last = to;
      this.#mask.draw(this.view.mask);
    };
    return {
      start: (at) => {
        if (!this.#mask) return;
        stroke = { mask: this.#mask, before: this.#mask.copy(), last: this.view.toPicture(at) };
        this.#showMask(true);
        brush(stroke.last);
      },
      move: (at) => lives() && brush(this.view.toPicture(at)),
      end: () => {
        if (!lives()) return;
        stroke = null;
        this.#flash();
        this.#commit();
      },
      abort: () => {
        if (!lives()) return;
        this.#mask = stroke.before;
        stroke = null;
        this.#mask.draw(this.view.mask);
      },
    };
  }

  #moveRing(event) {
    const isOver = this.chosen !== null && event.pointerType !== "touch";
    this.ring.hidden = !isOver;
    if (!isOver) return;
    const box = this.view.pane.getBoundingClientRect();
    const { width, height } = this.view.frame.getBoundingClientRect();
    const diameter = this.#brush.size * Math.max(width, height);
    const [left, top] = [event.clientX - box.left - diameter / 2, event.clientY - box.top - diameter / 2];
    Object.assign(this.ring.style, { width: `${diameter}px`, height: `${diameter}px`, left: `${left}px`, top: `${top}px` });
  }

  // --- the tools ---

  #buildTools(canFindSubject) {
    const modes = make("div", { className: "modes", role: "group", aria: { label: t("mask.mode") } });
    for (const erases of [false, true]) {
      const text = t(erases ? "mask.erase" : "mask.paint");
      const button = make("button", { type: "button", className: "choice", textContent: text, aria: { pressed: erases === this.#brush.erases } });
      button.addEventListener("click", () => {
        this.#brush.erases = erases;
        for (const other of modes.children) other.setAttribute("aria-pressed", other === button);
      });
      modes.append(button);
    }
    const act = (name, change) => {
      const button = make("button", { type: "button", className: "button", textContent: t(`mask.${name}`), title: t(`mask.${name}.help`) });
      button.addEventListener("click", () => this.#change(change));
      return button;
    };
    const acts = make("div", { className: "mask-acts" });
    if (canFindSubject) acts.append(this.#makeSubject());
    acts.append(act("invert", (mask) => mask.invert()), act("fill", (mask) => mask.fill(255)), act("clear", (mask) => mask.fill(0)), act("feather", (mask) => mask.feather(FEATHER_PX)));
    this.#sliders = BRUSH.map((row) => this.#makeSlider(row));
    this.tools.append(make("p", { className: "hint", textContent: t("regions.hint") }), modes, ...this.#sliders, acts);
    this.#showBrush();
  }

  #makeSlider(row) {
    const key = row.name === "mask-size" ? "size" : "hardness";
    const control = { ...row, label: t(`mask.${key}`), help: t(`mask.${key}.help`), unit: "%", scale: 100 };
    return ControlSlider.make(control, (value) => {
      this.#brush[key] = value;
      this.#showBrush();
    });
  }

  #showBrush() {
    this.#sliders[0].value = Number(this.#brush.size.toFixed(2));
    this.#sliders[1].value = this.#brush.hardness;
  }

  /** The next drag on the picture is a box round the subject; pressed again, or with a key, it looks in the middle. */
  #makeSubject() {
    const button = make("button", { type: "button", className: "button subject", title: t("mask.subject.help"), aria: { pressed: false } });
    button.append(icon("M3 5V3h2M11 3h2v2M13 11v2h-2M5 13H3v-2M8 5a1.7 1.7 0 1 0 .01 0M5 11.5c.4-2 5.6-2 6 0"), t("mask.subject"));
    const stop = () => {
      button.setAttribute("aria-pressed", false);
      this.view.tool = this.chosen === null ? null : this.#tool();
      this.view.classList.remove("boxing");
    };
    button.addEventListener("click", (event) => {
      const isOn = button.getAttribute("aria-pressed") === "true";
      stop();
      if (isOn || event.detail === 0) this.#findSubject({ x: 0.1, y: 0.1 }, { x: 0.9, y: 0.95 });
      else {
        button.setAttribute("aria-pressed", true);
        this.view.classList.add("boxing");
        this.view.tool = this.#boxTool(stop);
      }
    });
    return button;
  }

  #boxTool(stop) {
    const box = make("div", { className: "box" });
    let from = null;
    let to = null;
    const draw = () => {
      const [left, right] = [from.x, to.x].sort((one, other) => one - other);
      const [top, bottom] = [from.y, to.y].sort((one, other) => one - other);
      Object.assign(box.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    };
    const finish = () => {
      box.remove();
      stop();
    };
    return {
      start: (at) => {
        from = to = at;
        this.view.pane.append(box);
        draw();
      },
      move: (at) => {
        to = at;
        draw();
      },
      end: () => {
        finish();
        this.#findSubject(this.view.toPicture(from), this.view.toPicture(to));
      },
      abort: finish,
    };
  }

  async #findSubject(from, to) {
    const share = (value) => Math.min(Math.max(value, 0), 1).toFixed(4);
    const box = { left: share(Math.min(from.x, to.x)), top: share(Math.min(from.y, to.y)), right: share(Math.max(from.x, to.x)), bottom: share(Math.max(from.y, to.y)) };
    this.tools.setAttribute("aria-busy", true);
    try {
      const mask = await this.masks.find(this.photo().id, box);
      this.#mask = mask;
      this.#change(() => {});
    } catch (error) {
      this.failed(error);
    } finally {
      this.tools.removeAttribute("aria-busy");
    }
  }
}

customElements.define("region-panel", RegionPanel);
