// Looks the person wanted to come back to, each with a small picture. Hidden while there are none.

import { iconButton, make } from "../dom.js";
import { t } from "../i18n.js";
import { ICONS } from "../icons.js";

const MOST = 24;

class SnapshotStrip extends HTMLElement {
  #snapshots = [];

  /** `snapshots` are {look, image}; `onPick(look)` and `onKeep(snapshots)` hear what the person does. */
  build({ snapshots, onPick, onKeep }) {
    Object.assign(this, { onPick, onKeep });
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("snapshots.title"));
    this.#snapshots = snapshots.filter(({ image, look }) => look && String(image).startsWith("data:image/jpeg;base64,"));
    this.#show();
  }

  add(look, image) {
    this.#become([...this.#snapshots, { look, image }].slice(-MOST));
    this.scrollTo({ left: this.scrollWidth });
  }

  #become(snapshots) {
    this.#snapshots = snapshots;
    this.onKeep(snapshots);
    this.#show();
  }

  #show() {
    this.hidden = this.#snapshots.length === 0;
    this.replaceChildren(...this.#snapshots.map((snapshot, i) => this.#makeOne(snapshot, i)));
  }

  #makeOne(snapshot, i) {
    const number = i + 1;
    const image = make("img", { src: snapshot.image, alt: "" });
    const pick = make("button", { type: "button", className: "pick", aria: { label: t("snapshots.pick", { number }) } }, image);
    pick.addEventListener("click", () => this.onPick(snapshot.look));
    const drop = () => this.#become(this.#snapshots.filter((other) => other !== snapshot));
    return make("div", { className: "snapshot" }, pick, iconButton(ICONS.close, t("snapshots.drop", { number }), drop, "drop"));
  }
}

customElements.define("snapshot-strip", SnapshotStrip);
