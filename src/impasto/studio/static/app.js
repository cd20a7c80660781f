// The studio page: the only file that knows all the pieces. The look lives in the store; everything shown follows from it.

import "./components/compare-view.js";
import "./components/export-dialog.js";
import "./components/photo-drop.js";
import "./components/status-line.js";
import "./components/style-grid.js";
import "./components/style-mix.js";
import "./components/toast-stack.js";
import { ControlSlider } from "./components/control-slider.js";
import { loadWords, otherLanguage, preferredLanguage, t, translate } from "./i18n.js";
import { Live } from "./live.js";
import { Frames, Refusal, fetchJson, keepPhoto, keptPhoto, sendPhoto } from "./photos.js";
import { Socket } from "./socket.js";
import { Store, reweigh, toggleStyle } from "./store.js";

const SHARP_PX = 1600; // more than this a screen does not show, and the person would only wait
const SHARP_STEP_PX = 64;
const THUMB_PX = 192;
const MAX_STYLES = 8;
const SAVE_AFTER_MS = 300;
const SETTINGS = "impasto.settings";
const GROUPS = { strength: "stroke", brush: "stroke", keep_colour: "colour", saturation: "colour", hue: "colour", warmth: "colour" };

const $ = (selector) => document.querySelector(selector);
const view = $("compare-view");
const grid = $("style-grid");
const mix = $("style-mix");
const status = $("status-line");
const toasts = $("toast-stack");
const exporting = $("export-dialog");
const drop = $("photo-drop");

const frames = new Frames();
const sliders = new Map();
let controls = [];
let backend = "";
let store;
let socket;
let live;
let photo = null; // {blob, name, id, width, height}
let exportJob = null;
let sending = null;
let shownSoon = 0;
let savedSoon = 0;

async function start() {
  const saved = readSettings();
  const [styles, table, health] = await Promise.all([
    fetchJson("/api/styles"),
    fetchJson("/api/controls"),
    fetchJson("/healthz"),
    loadWords(preferredLanguage(saved.language)),
  ]);
  controls = table;
  backend = health.backend;
  store = new Store(startingLook(saved.look, styles));
  buildPage(styles);
  store.addEventListener("change", (event) => lookChanged(event.detail.before));
  connect();
  showLook();
  view.finish(store.look);
  await openFirstPhoto();
}

/** The look of the last visit as far as this palette and this table know it, else the defaults. */
function startingLook(saved = {}, styles) {
  const names = new Set(styles.map((style) => style.name));
  const kept = (Array.isArray(saved.styles) ? saved.styles : []).filter(([name, weight]) => names.has(name) && weight >= 0);
  const look = { styles: kept.some(([, weight]) => weight > 0) ? kept : [[styles[0].name, 1]] };
  for (const { name, minimum, maximum, default: start } of controls) {
    look[name] = saved[name] >= minimum && saved[name] <= maximum ? saved[name] : start;
  }
  return look;
}

function readSettings() {
  try {
    return JSON.parse(localStorage.getItem(SETTINGS)) ?? {};
  } catch {
    return {};
  }
}

function saveSettings(part) {
  try {
    localStorage.setItem(SETTINGS, JSON.stringify({ ...readSettings(), ...part }));
  } catch {
    // A browser that keeps nothing (private window) still paints.
  }
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
  saveSettings({ look: store.look });
}

// --- the page ---

function buildPage(styles) {
  translate(document.body);
  view.label();
  status.connection = "waiting";
  grid.build(styles, { onPick: (name) => store.change({ styles: [[name, 1]] }, "styles"), onMix: mixStyle });
  mix.build({
    onWeight: (name, weight) => store.change({ styles: reweigh(store.look.styles, name, weight) }, `weight ${name}`),
    titleOf: (name) => grid.titleOf(name),
  });
  buildControls();
  exporting.build({ onExport: startExport, onCancel: () => socket.send({ type: "cancel", seq: exportJob.seq }) });
  drop.build({ onPhoto: (file) => openPhoto(file, file.name || t("photo.pasted")) });
  listenToButtons();
  listenToKeys();
  listenToHelp();
  view.addEventListener("restored", repaint);
  addEventListener("pagehide", saveLook);
  new ResizeObserver(() => photo?.id && live?.sharpen(photo.id, generatorPart(store.look))).observe(view);
}

/** One slider per row of the table, so that a new control is free; a control with no group of its own joins "light". */
function buildControls() {
  const sections = new Map();
  for (const control of controls) {
    const group = GROUPS[control.name] ?? "light";
    if (!sections.has(group)) sections.set(group, makeSection(group));
    const slider = ControlSlider.make(control, (value) => store.change({ [control.name]: value }, control.name));
    sliders.set(control.name, slider);
    sections.get(group).append(slider);
  }
  $(".controls").append(...sections.values());
}

function makeSection(group) {
  const section = document.createElement("section");
  const heading = document.createElement("h2");
  heading.textContent = t(`group.${group}`);
  section.append(heading);
  return section;
}

function mixStyle(name) {
  const { styles } = store.look;
  const isIn = styles.some(([other]) => other === name);
  if (!isIn && styles.length >= MAX_STYLES) toasts.show(t("mix.full", { count: MAX_STYLES }), t("mix.full.hint"));
  else store.change({ styles: toggleStyle(styles, name) }, `mix ${name}`);
}

function listenToButtons() {
  $(".undo").addEventListener("click", () => store.undo());
  $(".redo").addEventListener("click", () => store.redo());
  $(".open").addEventListener("click", () => drop.choose());
  $(".export").addEventListener("click", openExport);
  $(".compare").addEventListener("click", toggleCompare);
  const peek = $(".peek");
  for (const type of ["pointerdown", "keydown"]) {
    peek.addEventListener(type, (event) => (type === "pointerdown" || event.key === " ") && (view.isPeeking = true));
  }
  for (const type of ["keyup", "blur"]) peek.addEventListener(type, () => (view.isPeeking = false));
  const other = otherLanguage();
  const button = $(".language");
  button.title = other.title;
  button.setAttribute("aria-label", other.title);
  button.lang = other.name;
  button.addEventListener("click", () => {
    saveSettings({ language: other.name });
    location.reload();
  });
}

function toggleCompare() {
  view.isComparing = !view.isComparing;
  $(".compare").setAttribute("aria-pressed", view.isComparing);
}

function openExport() {
  if (photo?.id) exporting.open(photo);
}

function listenToKeys() {
  const plain = { c: toggleCompare, o: () => drop.choose(), p: () => (view.isPeeking = true) };
  const withControl = { z: (event) => (event.shiftKey ? store.redo() : store.undo()), y: () => store.redo(), e: openExport };
  addEventListener("keydown", (event) => {
    const action = (event.ctrlKey || event.metaKey ? withControl : plain)[event.key.toLowerCase()];
    const isTyping = event.target.matches?.("input[type=number], select");
    if (!action || event.altKey || isTyping || exporting.dialog.open) return;
    event.preventDefault();
    if (!event.repeat || event.ctrlKey) action(event);
  });
  addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() === "p") view.isPeeking = false;
  });
}

/** The line at the foot of the panel says what the control under the pointer or the focus does. */
function listenToHelp() {
  const panel = $(".panel");
  const line = $(".help");
  const show = (event) => (line.textContent = event.target.closest?.("control-slider")?.help ?? t("help.idle"));
  line.textContent = t("help.idle");
  for (const type of ["pointerover", "focusin"]) panel.addEventListener(type, show);
}

// --- the look ---

function generatorPart(look) {
  return { styles: look.styles, ...partOf(look, "generator") };
}

function partOf(look, kind) {
  return Object.fromEntries(controls.filter((control) => control.kind === kind).map(({ name }) => [name, look[name]]));
}

/** A generator control asks for a painting, a finish control draws the one that is here; the page around them comes after. */
function lookChanged(before) {
  const { look } = store;
  const differs = (part, other) => JSON.stringify(part) !== JSON.stringify(other);
  if (photo?.id && differs(generatorPart(look), generatorPart(before))) live.want(photo.id, generatorPart(look));
  if (differs(partOf(look, "finish"), partOf(before, "finish"))) view.finish(look);
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
  for (const [name, slider] of sliders) slider.value = look[name];
  grid.show(look.styles);
  mix.show(look.styles);
  $(".undo").disabled = !store.canUndo;
  $(".redo").disabled = !store.canRedo;
}

// --- the painting ---

function connect() {
  socket = new Socket(`${location.protocol.replace("http", "ws")}//${location.host}/api/live`);
  live = new Live(socket, { onPainting: showPainting, sharpPx });
  socket.addEventListener("open", connected);
  socket.addEventListener("lost", () => {
    status.connection = "lost";
    if (exportJob) endExport(false);
  });
  socket.addEventListener("frame", (event) => takeFrame(event.detail));
}

function connected() {
  status.connection = "live";
  if (photo?.id) live.restart(photo.id, generatorPart(store.look));
  askForThumbs();
}

/** The long edge worth painting for this screen, in steps, so that a window being resized does not ask for every pixel. */
function sharpPx() {
  const wanted = Math.ceil(view.devicePx / SHARP_STEP_PX) * SHARP_STEP_PX;
  return Math.max(1, Math.min(SHARP_PX, wanted, Math.max(photo.width, photo.height)));
}

function askForThumbs() {
  if (photo?.id) socket.send({ type: "thumbs", seq: socket.nextSeq(), picture: photo.id, long_edge: THUMB_PX });
}

function takeFrame({ header, payload }) {
  if (header.type === "thumb") {
    if (header.picture === photo?.id) grid.setThumb(header.style, header.width, header.height, payload);
  } else if (header.seq === exportJob?.seq) takeExport(header, payload);
  else {
    if (header.type === "error") takeError(header);
    live.take(header, payload);
  }
}

function takeError({ code, error, hint }) {
  if (code === "unknown-picture") sendAgain();
  else toasts.show(error, hint);
}

/** Draws a painting at once where its photo is here already; the first of each size waits for it. */
function showPainting(request, header, pixels) {
  const draw = (frame) => {
    if (request.picture !== photo?.id || frame.width !== header.width || frame.height !== header.height) return;
    view.setPhoto(frame, request.picture);
    view.dataset.seq = header.seq;
    view.setPainting(header.width, header.height, pixels);
    showCost(request, header);
  };
  const frame = frames.get(request.picture, request.long_edge);
  if (frame) draw(frame);
  else frames.load(request.picture, request.long_edge).then((loaded) => Number(view.dataset.seq ?? 0) < header.seq && draw(loaded), failed);
}

function showCost(request, { width, height, ms }) {
  const wayMs = performance.now() - request.sentAt;
  status.show({ width, height, ms, wayMs, backend, finisher: view.kind });
}

function repaint() {
  if (photo?.id) live.want(photo.id, generatorPart(store.look));
}

// --- the photo ---

async function openFirstPhoto() {
  const kept = await keptPhoto();
  if (kept) {
    usePhoto(kept);
    return;
  }
  const sample = await (await fetch("/static/sample.jpg")).blob();
  await openPhoto(sample, null);
}

/** Sends a photo to the studio and shows it; one that is refused leaves everything as it was. */
async function openPhoto(blob, name) {
  view.classList.add("busy");
  try {
    const answer = await sendPhoto(blob);
    const opened = { blob, name, ...answer };
    if (name !== null) keepPhoto(opened);
    usePhoto(opened);
  } catch (error) {
    failed(error);
  } finally {
    view.classList.remove("busy");
  }
}

function usePhoto(opened) {
  photo = opened;
  $(".file").textContent = photo.name ?? t("photo.sample");
  view.setSize(photo.width, photo.height);
  grid.clearThumbs();
  showPhoto();
  repaint();
  askForThumbs();
}

async function showPhoto() {
  const { id } = photo;
  const px = sharpPx();
  try {
    const frame = await frames.load(id, px);
    if (id === photo.id) view.setPhoto(frame, id);
  } catch (error) {
    failed(error);
  }
}

/** The studio has forgotten the photo (it was restarted): send it again and go on where we were. */
function sendAgain() {
  sending ??= sendPhoto(photo.blob)
    .then((answer) => usePhoto({ ...photo, ...answer }), failed)
    .finally(() => (sending = null));
}

function failed(error) {
  if (error instanceof Refusal && error.status === 404) sendAgain();
  else if (error instanceof Refusal) toasts.show(error.message, error.hint);
  else if (error instanceof TypeError) toasts.show(t("error.offline"), t("error.offline.hint"));
  else toasts.show(t("error.broken"), String(error));
}

// --- export ---

function startExport(options, ending) {
  exportJob = { seq: socket.nextSeq(), name: `${(photo.name ?? "sample").replace(/\.\w+$/, "")}-${styleNames()}.${ending}` };
  const isSent = socket.send({ type: "export", seq: exportJob.seq, picture: photo.id, look: store.look, ...options });
  if (!isSent) {
    exportJob = null;
    toasts.show(t("error.offline"), t("error.offline.hint"));
  }
  return isSent;
}

function styleNames() {
  return store.look.styles.map(([name]) => name).join("-");
}

function takeExport(header, payload) {
  if (header.type === "progress") exporting.progress = header.fraction;
  else {
    if (header.type === "error") takeError(header);
    if (header.type === "exported") download(new Blob([payload], { type: header.mime }), exportJob.name);
    endExport(header.type === "exported");
  }
}

function endExport(isDone) {
  exportJob = null;
  exporting.end(isDone);
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

start().catch(failed);
