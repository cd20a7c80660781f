// A style that is learned from pictures: the card that shows how it goes, renewed every second, and what can be done with it.

import { make } from "../dom.js";
import { say, t, translate } from "../i18n.js";
import { actOnLesson, discardLesson, fetchLesson, fetchPreview, showInLesson } from "../learning.js";

const ASK_MS = 1000;
const ASK_AGAIN_MS = 3000; // when the studio does not answer
const SURE_MS = 5000;
const BUSY = ["starting", "learning", "keeping"];
const ACTS = { pause: ["starting", "learning"], resume: ["paused", "failed"], keep: ["learning", "paused", "failed"], discard: ["starting", "learning", "paused", "failed"] };

class LearnPanel extends HTMLElement {
  #lesson = null;
  #next = 0;
  #version = null;
  #isWanted = false; // the person has asked to keep it
  #sure = 0;
  #isNew = false; // begun here a moment ago: the card is to be seen, also when it grows

  /** `onOpen(answer)` wants to start a lesson, `onImport(file)` has a palette, `onLearned(isWanted)` hears when a style is ready, `failed(error)` of refusals. */
  build(hearers) {
    Object.assign(this, hearers);
    this.innerHTML = `<div class="ways"><button type="button" class="button learn" data-t="learn.open" data-t-title="learn.help"></button>
        <button type="button" class="button import" data-t="learn.import" data-t-title="learn.import.help"></button></div>
      <section class="card" aria-labelledby="learn-title" hidden><h3 id="learn-title"></h3><canvas role="img" data-t-label="learn.preview" hidden></canvas>
        <p class="words" role="status"></p><progress max="1" data-t-label="learn.progress"></progress><p class="left"></p><ul class="notes"></ul>
        <div class="acts">${Object.keys(ACTS).map((act) => `<button type="button" class="button ${act}" data-t="learn.${act}"></button>`).join("")}</div></section>
      <input type="file" class="unseen" accept=".palette" tabindex="-1" data-t-label="learn.import">`;
    translate(this);
    this.card = this.querySelector(".card");
    this.canvas = this.querySelector("canvas");
    this.#listen();
    this.#ask();
  }

  #listen() {
    const file = this.querySelector("input");
    this.querySelector(".learn").addEventListener("click", () => this.#open());
    this.querySelector(".import").addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      if (file.files[0]) this.onImport(file.files[0]);
      file.value = "";
    });
    for (const act of ["pause", "resume", "keep"]) this.querySelector(`.${act}`).addEventListener("click", () => this.#act(act));
    this.querySelector(".discard").addEventListener("click", () => this.#discard());
  }

  async #open() {
    if (this.#lesson) this.card.scrollIntoView({ block: "nearest" });
    else await this.#try(async () => this.onOpen(await fetchLesson()));
  }

  reveal() {
    this.#isNew = true;
    this.card.scrollIntoView({ block: "nearest" });
  }

  /** The preview is of the photo that is open. One that the studio has forgotten is sent again by the session, and comes here again. */
  async showPhoto(photo) {
    if (!this.#lesson || !photo.id) return;
    await showInLesson(photo.id).catch((error) => error.status === 404 || this.failed(error));
  }

  /** What the studio says of the lesson, as the answer to any request about it. */
  take({ available, lesson }) {
    const before = this.#lesson;
    this.#lesson = lesson;
    this.querySelector(".learn").textContent = t(available ? "learn.open" : "learn.open.missing");
    this.#show();
    clearTimeout(this.#next);
    if (lesson && BUSY.includes(lesson.state)) this.#next = setTimeout(() => this.#ask(), ASK_MS);
    if (before?.state && !lesson && before.state !== "discarded") {
      this.onLearned(this.#isWanted);
      this.#isWanted = false;
    }
  }

  async #ask() {
    try {
      this.take(await fetchLesson());
    } catch {
      this.#next = setTimeout(() => this.#ask(), ASK_AGAIN_MS);
    }
  }

  async #act(act) {
    this.#isWanted ||= act === "keep";
    await this.#try(async () => this.take(await actOnLesson(act)));
  }

  /** A second press within a few seconds: what was learned is lost. */
  async #discard() {
    const button = this.querySelector(".discard");
    clearTimeout(this.#sure);
    if (!button.classList.contains("sure")) {
      this.#ensure(button, true);
      this.#sure = setTimeout(() => this.#ensure(button, false), SURE_MS);
      return;
    }
    this.#ensure(button, false);
    await this.#try(async () => {
      const answer = await discardLesson();
      this.#lesson = { state: "discarded" };
      this.take(answer);
    });
  }

  #ensure(button, isSure) {
    button.classList.toggle("sure", isSure);
    button.textContent = t(isSure ? "learn.discard.sure" : "learn.discard");
  }

  async #try(work) {
    try {
      await work();
    } catch (error) {
      this.failed(error);
    }
  }

  // --- the card ---

  #show() {
    const lesson = this.#lesson;
    this.card.hidden = !lesson;
    if (!lesson) {
      this.canvas.hidden = true;
      this.#version = null;
      return;
    }
    const { state, report, problem, notes } = lesson;
    this.card.dataset.state = state;
    this.querySelector("h3").textContent = lesson.title;
    this.#say(".words", problem ? say(problem.error) : wordsOf(state, report));
    this.#say(".left", problem ? say(problem.hint) : state === "learning" && report ? leftOf(report.left_s) : "");
    this.querySelector("progress").value = report?.share ?? 0;
    this.querySelector(".notes").replaceChildren(...notes.map((note) => make("li", { textContent: say(note) })));
    for (const [act, states] of Object.entries(ACTS)) this.querySelector(`.${act}`).hidden = !states.includes(state) || (act === "keep" && !lesson.can_keep);
    if (lesson.preview !== this.#version) this.#showPreview(lesson.preview);
  }

  /** A live region speaks when its text is set, even to the same. */
  #say(place, text) {
    const element = this.querySelector(place);
    if (element.textContent !== text) element.textContent = text;
  }

  async #showPreview(version) {
    this.#version = version;
    if (version === null) return;
    await this.#try(async () => {
      const picture = await fetchPreview(version);
      if (!picture || version !== this.#version) return;
      Object.assign(this.canvas, { width: picture.width, height: picture.height, hidden: false });
      this.canvas.getContext("2d").drawImage(picture, 0, 0);
      this.canvas.dataset.version = version;
      if (this.#isNew) this.card.scrollIntoView({ block: "nearest" });
      this.#isNew = false;
    });
  }
}

function wordsOf(state, report) {
  if (state !== "learning" && state !== "paused") return t(`learn.state.${state}`);
  const words = (report?.words ?? "").split(", ").filter(Boolean).map((part) => t(`learn.words.${part}`, {}, part));
  return [...(state === "paused" ? [t("learn.state.paused")] : []), ...words].join(t("learn.words.between"));
}

function leftOf(seconds) {
  if (seconds >= 90) return t("learn.left.minutes", { minutes: Math.round(seconds / 60) });
  return t("learn.left.seconds", { seconds: 5 * Math.ceil(seconds / 5) });
}

customElements.define("learn-panel", LearnPanel);
