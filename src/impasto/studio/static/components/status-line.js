// One honest line: connection, size of what is shown, milliseconds of each stage, backend. Knows nothing but what it is told.

import { t } from "../i18n.js";

const READABLE_MS = 250; // a line that changes more often cannot be read, and costs as much to lay out as a slider

class StatusLine extends HTMLElement {
  #words = "";
  #soon = 0;
  #connection = document.createElement("span");
  #facts = document.createElement("span");

  connectedCallback() {
    this.#connection.className = "connection";
    this.#connection.setAttribute("role", "status");
    this.#facts.className = "facts";
    this.append(this.#connection, this.#facts);
  }

  /** "live", "lost" or "waiting". */
  set connection(state) {
    this.#connection.dataset.state = state;
    this.#connection.textContent = t(`status.${state}`);
  }

  /** What a painting cost: its size, the server's stages, the whole way, and who computed it; how many come a second while one drags. */
  show({ width, height, ms, wayMs, backend, finisher, rate }) {
    const stages = Object.entries(ms)
      .filter(([name, value]) => name !== "server" && value >= 0.5)
      .map(([name, value]) => `${t(`stage.${name}`, {}, name)} ${value.toFixed(0)} ms`);
    const facts = [`${width} × ${height}`, ...stages, t("status.way", { ms: wayMs.toFixed(0) })];
    if (rate) facts.push(t("status.rate", { rate: rate.toFixed(0) }));
    facts.push(backend);
    facts.push(finisher === "WebGL2" ? finisher : t("status.plain"));
    this.#words = facts.join(" · ");
    if (!this.#soon) this.#write();
  }

  /** The newest words, now or as soon as the last ones have stood for a while. */
  #write() {
    this.#soon = 0;
    if (this.#words === this.#facts.textContent) return;
    this.#facts.textContent = this.#words;
    this.#facts.title = this.#words; // for where it is cut off
    this.#soon = setTimeout(() => this.#write(), READABLE_MS);
  }
}

customElements.define("status-line", StatusLine);
