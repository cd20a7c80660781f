// A pad with a style at each corner: the point that is dragged stands nearer to what there is more of. Two styles make a line, three a triangle,
// four a square. Knows weights, not what they do.

import { make } from "../dom.js";
import { t } from "../i18n.js";

const CORNERS = { 2: [[0, 0.5], [1, 0.5]], 3: [[0, 1], [0.5, 0], [1, 1]], 4: [[0, 0], [1, 0], [0, 1], [1, 1]] };
const STEP = 0.05;
const FINE_STEP = 0.01;

class MixPad extends HTMLElement {
  #styles = [];
  #at = { x: 0.5, y: 0.5 };

  /** `onWeights(styles)` hears of every move; `titleOf(name)` gives the words. */
  build({ onWeights, titleOf }) {
    Object.assign(this, { onWeights, titleOf });
    this.field = make("div", { className: "field" });
    this.point = make("div", { className: "point", role: "slider", tabIndex: 0, aria: { label: t("mix.pad"), valuemin: 0, valuemax: 100 } });
    this.append(this.field);
    this.#listen();
  }

  /** How many styles the pad can hold. */
  static holds(count) {
    return count in CORNERS;
  }

  show(styles) {
    const names = (list) => list.map(([name]) => name).join();
    const isOther = names(styles) !== names(this.#styles);
    this.#styles = styles;
    if (isOther) this.#rebuild();
    const weights = normal(styles);
    const at = { x: 0, y: 0 };
    CORNERS[styles.length].forEach(([x, y], i) => ((at.x += weights[i] * x), (at.y += weights[i] * y)));
    this.#at = at;
    Object.assign(this.point.style, { left: `${100 * at.x}%`, top: `${100 * at.y}%` });
    const words = styles.map(([name], i) => `${this.titleOf(name)} ${Math.round(100 * weights[i])} %`);
    this.point.setAttribute("aria-valuenow", Math.round(100 * weights[0]));
    this.point.setAttribute("aria-valuetext", words.join(", "));
    const corners = this.field.querySelectorAll(".corner");
    styles.forEach(([name], i) => {
      corners[i].firstChild.textContent = this.titleOf(name);
      corners[i].lastChild.textContent = `${Math.round(100 * weights[i])} %`;
    });
  }

  #rebuild() {
    const corners = CORNERS[this.#styles.length];
    this.dataset.corners = corners.length;
    const labels = corners.map(([x, y]) => make("span", { className: "corner", data: { x, y }, ariaHidden: "true" }, make("span"), make("span")));
    this.field.replaceChildren(...labels, this.point);
  }

  #listen() {
    const follow = (event) => {
      const box = this.field.getBoundingClientRect();
      this.#moveTo((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    };
    this.field.addEventListener("pointerdown", (event) => {
      this.field.setPointerCapture(event.pointerId);
      follow(event);
      this.point.focus({ focusVisible: false });
      event.preventDefault();
    });
    this.field.addEventListener("pointermove", (event) => this.field.hasPointerCapture(event.pointerId) && follow(event));
    this.point.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? FINE_STEP : STEP;
      const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [0, 0];
      if (!dx && !dy) return;
      event.preventDefault();
      this.#moveTo(this.#at.x + dx, this.#at.y + dy);
    });
  }

  #moveTo(x, y) {
    this.#at = { x: Math.min(Math.max(x, 0), 1), y: Math.min(Math.max(y, 0), 1) };
    const weights = weightsAt(this.#styles.length, this.#at.x, this.#at.y);
    this.onWeights(this.#styles.map(([name], i) => [name, weights[i]]));
  }
}

function normal(styles) {
  const sum = styles.reduce((total, [, weight]) => total + weight, 0);
  return styles.map(([, weight]) => weight / sum);
}

/** Weights, adding up to 1, of a point of the pad: along the line, barycentric in the triangle (its nearest point), bilinear in the square. */
function weightsAt(count, x, y) {
  if (count === 2) return [1 - x, x].map(round);
  if (count === 4) return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y].map(round);
  const top = 1 - y;
  const right = Math.min(Math.max(x - top / 2, 0), 1 - top);
  return [1 - top - right, top, right].map(round);
}

const round = (weight) => Math.round(weight * 1e4) / 1e4;

customElements.define("mix-pad", MixPad);
export { MixPad };
