// Every style as a thumbnail of the person's photo: click to choose it, + or shift-click to mix it in.

import { t } from "../i18n.js";

class StyleGrid extends HTMLElement {
  #tiles = new Map();
  #mixed = null;

  /** `styles` as of /api/styles; `onPick(name)` and `onMix(name)` hear what the person does. */
  build(styles, { onPick, onMix }) {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("styles.title"));
    for (const style of styles) {
      const title = t(`style.${style.name}`, {}, style.title);
      const tile = document.createElement("div");
      tile.className = "tile";
      tile.dataset.style = style.name;
      tile.innerHTML =
        '<button type="button" class="pick"><span class="thumb"><canvas width="1" height="1"></canvas></span><span class="name"></span></button>' +
        '<button type="button" class="mix"><svg viewBox="0 0 16 16" aria-hidden="true"><path class="plus" d="M8 4v8M4 8h8"/><path class="minus" d="M4 8h8"/></svg></button>';
      const [pick, mix] = tile.querySelectorAll("button");
      tile.querySelector(".name").textContent = title;
      pick.title = [title, style.artist === title ? "" : style.artist, style.years].filter(Boolean).join(" · ");
      pick.addEventListener("click", (event) => (event.shiftKey ? onMix : onPick)(style.name));
      mix.addEventListener("click", () => onMix(style.name));
      this.#tiles.set(style.name, { tile, pick, mix, title, canvas: tile.querySelector("canvas") });
      this.append(tile);
    }
  }

  titleOf(name) {
    return this.#tiles.get(name)?.title ?? name;
  }

  /** Marks the styles of the look. */
  show(mixed) {
    if (mixed === this.#mixed) return; // looks are never changed in place
    this.#mixed = mixed;
    const chosen = new Set(mixed.map(([name]) => name));
    for (const [name, { tile, pick, mix, title }] of this.#tiles) {
      const isChosen = chosen.has(name);
      tile.classList.toggle("chosen", isChosen);
      pick.setAttribute("aria-pressed", isChosen);
      mix.classList.toggle("in", isChosen);
      mix.hidden = isChosen && chosen.size === 1;
      mix.setAttribute("aria-label", t(isChosen ? "mix.remove" : "mix.add", { style: title }));
      mix.title = mix.getAttribute("aria-label");
    }
  }

  /** RGB bytes of a small painting in the style. */
  setThumb(name, width, height, rgb) {
    const canvas = this.#tiles.get(name)?.canvas;
    if (!canvas) return;
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    for (let p = 0, q = 0; p < rgb.length; p += 3, q += 4) {
      image.data[q] = rgb[p];
      image.data[q + 1] = rgb[p + 1];
      image.data[q + 2] = rgb[p + 2];
      image.data[q + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    canvas.dataset.made = "";
  }

  /** Another photo: the old thumbnails fade until the new ones come. */
  clearThumbs() {
    for (const { canvas } of this.#tiles.values()) delete canvas.dataset.made;
  }
}

customElements.define("style-grid", StyleGrid);
