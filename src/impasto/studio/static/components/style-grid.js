// Every style as a thumbnail of the person's photo: click to choose it, + or shift-click to mix it in, the star to keep it in front. Resting
// on one, with the pointer or the arrow keys, tries it on. A field finds styles by name.

import { icon, iconButton, make } from "../dom.js";
import { copy } from "../finish.js";
import { t } from "../i18n.js";
import { ICONS } from "../icons.js";

const TRY_AFTER_MS = 350;
const BREAK = "\u00AD"; // where a long word may be divided

class StyleGrid extends HTMLElement {
  #tiles = new Map();
  #mixed = null;
  #favourites = new Set();
  #resting = 0;
  #tried = null;
  #canvas = document.createElement("canvas"); // in which thumbnails become images

  /**
   * `styles` as of /api/styles. `onPick(name)` and `onMix(name)` hear what the person does, `onTry(name or null)` what they look at,
   * `onFavourites(names)` what they like, `onManage(name)` that they want to see to a learned style.
   */
  build(styles, { favourites, ...hearers }) {
    Object.assign(this, hearers);
    this.#favourites = new Set(favourites);
    this.search = make("input", { type: "search", placeholder: t("styles.search"), aria: { label: t("styles.search") } });
    this.onlyFavourites = iconButton(ICONS.star, t("styles.favourites"), () => this.#toggleFavourites(), "only");
    this.onlyFavourites.setAttribute("aria-pressed", false);
    this.list = make("div", { className: "tiles", role: "group", aria: { label: t("styles.title") } });
    this.nothing = make("p", { className: "nothing", role: "status" });
    this.append(make("div", { className: "find" }, this.search, this.onlyFavourites), this.list, this.nothing);
    for (const style of styles) this.list.append(this.#makeTile(style));
    this.search.addEventListener("input", () => this.#filter());
    this.#listen();
    this.#filter();
  }

  #makeTile(style) {
    const title = style.learned ? style.title : t(`style.${style.name}`, {}, style.title);
    const thumb = make("img", { alt: "", draggable: false });
    const name = make("span", { className: "name", textContent: style.learned ? title : t(`style.${style.name}.divided`, {}, divided(title)) });
    const pick = make("button", { type: "button", className: "pick" }, make("span", { className: "thumb" }, thumb), name);
    pick.setAttribute("aria-label", title);
    pick.title = [title, style.artist === title ? "" : style.artist, style.years].filter(Boolean).join(" · ");
    const mix = make("button", { type: "button", className: style.learned ? "mix more" : "mix" }, icon(style.learned ? ICONS.more : ICONS.add));
    const star = make("button", { type: "button", className: "star" }, icon(ICONS.star));
    const tile = make("div", { className: style.learned ? "tile learned" : "tile", data: { style: style.name } }, pick, mix, star);
    const words = [title, style.title, style.artist, style.name].join(" ").toLowerCase();
    this.#tiles.set(style.name, { style, tile, pick, mix, star, title, thumb, words });
    pick.addEventListener("click", (event) => this.#act(event.shiftKey ? this.onMix : this.onPick, style.name));
    mix.addEventListener("click", () => this.#act(style.learned ? this.onManage : this.onMix, style.name));
    star.addEventListener("click", () => this.#like(style.name));
    this.#showStar(style.name);
    return tile;
  }

  // --- learned styles: they come and go, and have a button to see to them where others have one to mix them in ---

  add(style) {
    this.list.append(this.#makeTile(style));
    this.#showAgain();
  }

  drop(name) {
    this.#tiles.get(name)?.tile.remove();
    this.#tiles.delete(name);
    this.#showAgain();
  }

  rename(name) {
    const { tile, style, thumb } = this.#tiles.get(name);
    const renewed = this.#makeTile(style);
    this.#tiles.get(name).thumb.replaceWith(thumb);
    this.#tiles.get(name).thumb = thumb;
    tile.replaceWith(renewed);
    this.#showAgain();
  }

  reveal(name) {
    this.#tiles.get(name).tile.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #showAgain() {
    const mixed = this.#mixed;
    this.#mixed = null;
    if (mixed) this.show(mixed);
    this.#filter();
  }

  titleOf(name) {
    return this.#tiles.get(name)?.title ?? name;
  }

  /** Marks the styles of the look. */
  show(mixed) {
    if (mixed === this.#mixed) return; // looks are never changed in place
    this.#mixed = mixed;
    const chosen = new Set(mixed.map(([name]) => name));
    for (const [name, { style, tile, pick, mix, title }] of this.#tiles) {
      const isChosen = chosen.has(name);
      tile.classList.toggle("chosen", isChosen);
      pick.setAttribute("aria-pressed", isChosen);
      if (style.learned) {
        mix.title = t("own.manage", { style: title });
        mix.setAttribute("aria-label", mix.title);
        continue;
      }
      mix.classList.toggle("in", isChosen);
      mix.querySelector("path").setAttribute("d", isChosen ? ICONS.minus : ICONS.add);
      mix.hidden = isChosen && chosen.size === 1;
      mix.setAttribute("aria-label", t(isChosen ? "mix.remove" : "mix.add", { style: title }));
      mix.title = mix.getAttribute("aria-label");
    }
  }

  // --- trying a style on ---

  #listen() {
    const over = (event) => this.#rest(event.target.closest(".pick")?.parentElement.dataset.style ?? null);
    this.list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && over(event));
    this.list.addEventListener("pointerleave", () => this.#rest(null));
    this.list.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && over(event));
    this.list.addEventListener("focusout", () => this.#rest(null));
    this.list.addEventListener("keydown", (event) => this.#step(event));
  }

  /** The style the person rests on; tried on after a moment, given up at once. */
  #rest(name) {
    clearTimeout(this.#resting);
    if (name === null) this.#try(null);
    else this.#resting = setTimeout(() => this.#try(name), TRY_AFTER_MS);
  }

  #try(name) {
    if (name === this.#tried) return;
    this.#tried = name;
    this.onTry(name);
  }

  #act(hearer, name) {
    clearTimeout(this.#resting);
    this.#tried = null;
    this.onTry(null);
    hearer(name);
  }

  /** Arrow keys go from tile to tile. */
  #step(event) {
    const pick = event.target.closest(".pick");
    const shown = [...this.list.querySelectorAll(".tile:not([hidden]) .pick")];
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!pick || !step) return;
    event.preventDefault();
    shown[shown.indexOf(pick) + step]?.focus({ focusVisible: true });
  }

  // --- finding ---

  #like(name) {
    if (!this.#favourites.delete(name)) this.#favourites.add(name);
    this.#showStar(name);
    this.#filter();
    this.onFavourites([...this.#favourites]);
  }

  #showStar(name) {
    const { star, title } = this.#tiles.get(name);
    const isLiked = this.#favourites.has(name);
    star.setAttribute("aria-pressed", isLiked);
    star.setAttribute("aria-label", t("styles.favourite", { style: title }));
    star.title = star.getAttribute("aria-label");
  }

  #toggleFavourites() {
    this.onlyFavourites.setAttribute("aria-pressed", this.onlyFavourites.getAttribute("aria-pressed") !== "true");
    this.#filter();
  }

  #filter() {
    const wanted = this.search.value.trim().toLowerCase();
    const onlyLiked = this.onlyFavourites.getAttribute("aria-pressed") === "true";
    let shown = 0;
    for (const [name, { tile, words }] of this.#tiles) {
      tile.hidden = !words.includes(wanted) || (onlyLiked && !this.#favourites.has(name));
      shown += !tile.hidden;
    }
    this.nothing.textContent = shown ? "" : t(onlyLiked ? "styles.none.liked" : "styles.none");
  }

  // --- thumbnails ---

  /** RGB bytes of a small painting in the style. An image costs nothing while sliders move; a canvas is a layer in every frame. */
  setThumb(name, width, height, rgb) {
    const thumb = this.#tiles.get(name)?.thumb;
    if (!thumb) return;
    const image = new ImageData(width, height);
    copy(rgb, image.data);
    Object.assign(this.#canvas, { width, height });
    this.#canvas.getContext("2d", { willReadFrequently: true }).putImageData(image, 0, 0);
    thumb.src = this.#canvas.toDataURL();
    thumb.dataset.made = "";
  }

  /** Another photo: the old thumbnails fade until the new ones come. */
  clearThumbs() {
    for (const { thumb } of this.#tiles.values()) delete thumb.dataset.made;
  }
}

/** A title whose long words may be divided before their endings, so that none is cut. */
function divided(title) {
  return title.replace(/(\p{L}{4,})(ism|ist|ists|ting|scape|colour)\b/gu, `$1${BREAK}$2`);
}

customElements.define("style-grid", StyleGrid);
