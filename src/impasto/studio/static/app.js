// The studio page: the only file that knows all the pieces. The look lives in the store; everything shown follows from it.

import "./components/batch-dialog.js";
import "./components/camera-view.js";
import "./components/compare-view.js";
import "./components/control-panel.js";
import "./components/export-dialog.js";
import "./components/learn-dialog.js";
import "./components/learn-panel.js";
import "./components/photo-drop.js";
import "./components/preset-dialog.js";
import "./components/recommended-look.js";
import "./components/region-panel.js";
import "./components/share-panel.js";
import "./components/shortcut-sheet.js";
import "./components/snapshot-strip.js";
import "./components/status-line.js";
import "./components/style-dialog.js";
import "./components/style-grid.js";
import "./components/style-mix.js";
import "./components/toast-stack.js";
import "./components/view-tools.js";
import { loadWords, otherLanguage, preferredLanguage, t, translate } from "./i18n.js";
import { ICONS } from "./icons.js";
import { generatorPart, partOf, readLook, surprise, toggleStyle } from "./look.js";
import { Masks } from "./masks.js";
import { OwnStyles } from "./own-styles.js";
import { Refusal, fetchJson } from "./photos.js";
import { Session } from "./session.js";
import { keepSetting, readSetting } from "./settings.js";
import { listenToShortcuts } from "./shortcuts.js";
import { Store } from "./store.js";
import { Ways } from "./ways.js";

const MAX_STYLES = 8;
const SAVE_AFTER_MS = 300;
const SHARPEN_AFTER_MS = 200;
const SNAPSHOT_PX = 160;

const $ = (selector) => document.querySelector(selector);
const view = $("compare-view");
const tools = $("view-tools");
const panel = $("control-panel");
const regions = $("region-panel");
const grid = $("style-grid");
const mix = $("style-mix");
const advice = $("recommended-look");
const strip = $("snapshot-strip");
const presets = $("preset-dialog");
const sheet = $("shortcut-sheet");
const status = $("status-line");
const toasts = $("toast-stack");
const exporting = $("export-dialog");
const drop = $("photo-drop");
const batch = $("batch-dialog");
const camera = $("camera-view");
const learn = $("learn-panel");
const masks = new Masks();

let styles = [];
let controls = [];
let health = {};
let store;
let session;
let ways;
let own;
let shownSoon = 0;
let savedSoon = 0;
let sharpenedSoon = 0;

async function start() {
  const [palette, table, state] = await Promise.all([
    fetchJson("/api/styles"),
    fetchJson("/api/controls"),
    fetchJson("/healthz"),
    loadWords(preferredLanguage(readSetting("language"))),
  ]);
  [styles, controls, health] = [palette, table, state];
  store = keptStore();
  session = new Session(`${location.protocol.replace("http", "ws")}//${location.host}/api/live`, { view, masks });
  buildPage();
  listenToSession();
  store.addEventListener("change", (event) => lookChanged(event.detail.before));
  session.want(generatorPart(store.look, controls));
  showLook();
  view.finish(store.look);
  await ways.openFirst();
}

// --- what is kept ---

function keptStore() {
  const kept = readSetting("history", {});
  const read = (look) => readLook(look, styles, controls);
  const list = (looks) => (Array.isArray(looks) ? looks.map(read) : []);
  return new Store(read(kept.look), { past: list(kept.past), future: list(kept.future) });
}

/** The look is kept once it rests, or when the page is left: writing it down costs more than drawing it. */
function saveLookSoon() {
  clearTimeout(savedSoon);
  savedSoon = setTimeout(saveLook, SAVE_AFTER_MS);
}

function saveLook() {
  if (!savedSoon) return;
  clearTimeout(savedSoon);
  savedSoon = 0;
  keepSetting("history", store);
}

// --- the page ---

function buildPage() {
  translate(document.body);
  view.label();
  tools.build({ view, onSnapshot: keepSnapshot });
  status.connection = "waiting";
  buildStyles();
  panel.build(controls, {
    locked: readSetting("locked", []),
    onChange: (name, value) => change({ [name]: value }, name),
    onLocks: (names) => keepSetting("locked", names),
  });
  strip.build({ snapshots: readSetting("snapshots", []), onPick: (look) => become(look, "snapshot"), onKeep: (all) => keepSetting("snapshots", all) });
  presets.build({
    presets: readSetting("presets", []),
    look: () => ({ ...store.look, regions: [] }),
    onPick: (look) => become({ ...look, regions: store.look.regions }, "preset"),
    onKeep: (all) => keepSetting("presets", all),
    onSave: download,
    onRefuse: (message, hint) => toasts.show(message, hint),
  });
  panel.querySelector("section").after(regions);
  regions.build({
    view,
    masks,
    canFindSubject: health.subject,
    photo: () => session.photo,
    newRegion: () => ({ styles: store.look.styles, ...partOf(store.look, controls, "generator") }),
    onChoose: showLook,
    onRegions: (change, key) => (store.change({ regions: change(store.look.regions) }, key), showLook()),
    failed,
  });
  sheet.build();
  ways = new Ways({ store, session, masks, toasts, failed, download, become, parts: { exporting, batch, camera, drop } });
  buildHints();
  listenToButtons();
  listenToKeys();
  listenToHelp();
  listenToView();
  document.body.classList.add("built");
}

function buildStyles() {
  grid.build(styles, {
    favourites: readSetting("favourites", []),
    onPick: (name) => change({ styles: [[name, 1]] }, "styles"),
    onMix: mixStyle,
    onManage: (name) => own.manage(name),
    onTry: tryStyle,
    onFavourites: (names) => keepSetting("favourites", names),
  });
  advice.build({ styles, controls, onApply: (values) => change(values, `recommended ${performance.now()}`) });
  mix.build({ onWeights: (weights, key) => change({ styles: weights }, key), titleOf: (name) => grid.titleOf(name) });
  own = new OwnStyles({
    styles,
    session,
    grid,
    toasts,
    failed,
    choose: (name) => change({ styles: [[name, 1]] }, "styles"),
    forget: () => store.revise((look) => readLook(look, styles, controls)),
    parts: { learn, starting: $("learn-dialog"), dialog: $("style-dialog") },
  });
  $("share-panel").build({ chosen: () => edited().styles, titleOf: (name) => grid.titleOf(name), onStyle: (style) => own.take(style), failed });
  const lock = $(".lock-styles");
  const show = () => {
    lock.setAttribute("aria-pressed", panel.locked.has("styles"));
    lock.querySelector("path").setAttribute("d", panel.locked.has("styles") ? ICONS.lock : ICONS.unlock);
  };
  lock.addEventListener("click", () => (panel.toggleLock("styles"), show()));
  queueMicrotask(show);
}

function buildHints() {
  const hints = $("first-hints");
  if (readSetting("hinted", false)) hints.remove();
  else hints.build({ onClose: () => keepSetting("hinted", true) });
}

function mixStyle(name) {
  const mixed = edited().styles;
  const isIn = mixed.some(([other]) => other === name);
  const against = isIn ? undefined : own.against(mixed, name);
  if (against) toasts.show(...against);
  else if (!isIn && mixed.length >= MAX_STYLES) toasts.show(t("mix.full", { count: MAX_STYLES }), t("mix.full.hint"));
  else change({ styles: toggleStyle(mixed, name) }, `mix ${name}`);
}

/** Shows a style at full size while the person rests on it; null shows the look again. */
function tryStyle(name) {
  const look = name === null ? store.look : changed({ styles: [[name, 1]] });
  session.want(generatorPart(look, controls));
}

function listenToButtons() {
  $(".undo").addEventListener("click", () => store.undo());
  $(".redo").addEventListener("click", () => store.redo());
  $(".open").addEventListener("click", () => drop.choose());
  $(".camera").addEventListener("click", () => camera.open());
  $(".export").addEventListener("click", openExport);
  $(".keys").addEventListener("click", () => sheet.open());
  $(".surprise").addEventListener("click", surpriseMe);
  $(".presets").addEventListener("click", () => presets.open());
  $(".reset-all").addEventListener("click", () => become({ styles: store.look.styles, regions: store.look.regions }, "reset"));
  const other = otherLanguage();
  const button = $(".language");
  button.title = other.title;
  button.setAttribute("aria-label", other.title);
  button.lang = other.name;
  button.addEventListener("click", () => {
    keepSetting("language", other.name);
    location.reload();
  });
}

function listenToKeys() {
  listenToShortcuts({
    open: () => drop.choose(),
    export: openExport,
    undo: () => store.undo(),
    redo: () => store.redo(),
    split: () => tools.toggle("split"),
    side: () => tools.toggle("side"),
    peek: (isHeld) => (view.isPeeking = isHeld),
    zoomIn: () => view.zoom(1),
    zoomOut: () => view.zoom(-1),
    fit: () => view.fit(),
    actual: () => view.showActual(),
    search: () => grid.search.focus(),
    surprise: surpriseMe,
    snapshot: keepSnapshot,
    presets: () => presets.open(),
    sheet: () => sheet.open(),
    mask: () => regions.toggleMask(),
    smaller: () => regions.resize(-1),
    larger: () => regions.resize(1),
  });
}

function openExport() {
  if (session.photo?.id) exporting.open(session.photo);
}

/** The line at the foot of the panel says what the control under the pointer or the focus does. */
function listenToHelp() {
  const line = $(".help");
  const show = (event) => (line.textContent = event.target.closest?.("control-slider")?.help ?? t("help.idle"));
  line.textContent = t("help.idle");
  for (const type of ["pointerover", "focusin"]) $(".panel").addEventListener(type, show);
}

function listenToView() {
  view.addEventListener("restored", () => session.repaint());
  const sharpenSoon = () => {
    clearTimeout(sharpenedSoon);
    sharpenedSoon = setTimeout(() => session.sharpen(), SHARPEN_AFTER_MS);
    tools.showZoom();
  };
  view.addEventListener("zoomed", sharpenSoon);
  addEventListener("pagehide", saveLook);
}

function listenToSession() {
  session.addEventListener("connection", ({ detail }) => (status.connection = detail));
  session.addEventListener("painted", ({ detail }) => status.show({ ...detail, backend: health.backend }));
  session.addEventListener("thumb", ({ detail }) => grid.setThumb(detail.style, detail.width, detail.height, detail.pixels));
  session.addEventListener("failed", ({ detail }) => failed(detail));
  session.addEventListener("lost", ({ detail }) => {
    store.change({ regions: store.look.regions.filter(({ mask }) => !detail.includes(mask)) }, "lost");
    toasts.show(t("regions.lost"));
  });
  session.addEventListener("photo", ({ detail }) => {
    $(".file").textContent = session.photo.name ?? t("photo.sample");
    if (detail.isOther) grid.clearThumbs();
    learn.showPhoto(session.photo);
  });
}

// --- the look ---

/** What the panel shows and edits: the look, or the chosen region's generator controls and the look's finish. */
function edited() {
  const { look } = store;
  return regions.chosen === null ? look : { ...look, ...look.regions[regions.chosen] };
}

/** The look with some controls changed, those of the chosen region where they are a generator's. */
function changed(part) {
  const { look } = store;
  if (regions.chosen === null) return { ...look, ...part };
  const names = ["styles", ...controls.filter(({ kind }) => kind === "generator").map(({ name }) => name)];
  const own = Object.fromEntries(Object.entries(part).filter(([name]) => names.includes(name)));
  const rest = Object.fromEntries(Object.entries(part).filter(([name]) => !names.includes(name)));
  return { ...look, ...rest, regions: look.regions.map((region, i) => (i === regions.chosen ? { ...region, ...own } : region)) };
}

function change(part, key) {
  store.change(changed(part), `${key} ${regions.chosen}`);
}

/** Another look as a whole; what it does not say is at its default. */
function become(look, key) {
  store.change(readLook(look, styles, controls), `${key} ${performance.now()}`);
}

function surpriseMe() {
  const mixable = styles.filter(({ learned }) => !learned);
  change(surprise(mixable, controls, panel.locked), `surprise ${performance.now()}`);
}

function keepSnapshot() {
  if (view.classList.contains("painted")) strip.add(store.look, view.miniature(SNAPSHOT_PX));
}

/** A generator control asks for a painting, a finish control draws the one that is here; the page around them comes after. */
function lookChanged(before) {
  const { look } = store;
  const differs = (part, other) => JSON.stringify(part) !== JSON.stringify(other);
  const part = generatorPart(look, controls);
  if (differs(part, generatorPart(before, controls))) session.want(part);
  if (differs(partOf(look, controls, "finish"), partOf(before, controls, "finish"))) view.finish(look);
  showLookSoon();
  saveLookSoon();
}

/** The panel follows with the next frame: a slider that is dragged moves more often than the screen is drawn. */
function showLookSoon() {
  shownSoon ||= requestAnimationFrame(showLook);
}

function showLook() {
  cancelAnimationFrame(shownSoon);
  shownSoon = 0;
  const { look } = store;
  regions.show(look.regions);
  const shown = edited();
  panel.show(shown);
  grid.show(shown.styles);
  mix.show(shown.styles);
  advice.show(shown);
  $(".editing").textContent = regions.chosen === null ? "" : t("regions.one", { number: regions.chosen + 1 });
  $(".undo").disabled = !store.canUndo;
  $(".redo").disabled = !store.canRedo;
}

function failed(error) {
  if (error instanceof Refusal) toasts.show(error.message, error.hint);
  else if (error instanceof TypeError) toasts.show(t("error.offline"), t("error.offline.hint"));
  else toasts.show(t("error.broken"), String(error));
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

start().catch(failed);
