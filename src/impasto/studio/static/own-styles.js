// The styles that were learned here: they come, are renamed, exported and go, and the page keeps up. Knows the pieces that show them.

import { t } from "./i18n.js";
import { addStyle, removeStyle, renameStyle, restoreStyle, startLesson } from "./learning.js";
import { fetchJson, sendPhoto } from "./photos.js";

export class OwnStyles {
  /** `styles` is the page's list, which is changed in place; `forget(name)` takes a style out of every look. The rest is what its name says. */
  constructor({ parts, ...pieces }) {
    Object.assign(this, pieces, parts);
    const onRefuse = (message, hint) => this.toasts.show(message, hint);
    this.dialog.build({ onRename: (...chosen) => this.#rename(...chosen), onDelete: (style) => this.#remove(style) });
    this.starting.build({ onStart: (wanted) => this.#start(wanted), onRefuse });
    this.learn.build({
      onOpen: (answer) => this.starting.open(answer),
      onImport: (file) => this.#try(async () => this.#come(await addStyle(file), true)),
      onLearned: (isWanted) => this.#try(() => this.#look(isWanted)),
      failed: this.failed,
    });
  }

  manage(name) {
    this.dialog.open(this.styles.find((style) => style.name === name));
  }

  /** Why two styles cannot be mixed, if they cannot: [sentence, next step]. */
  against(mixed, name) {
    const own = this.styles.find((style) => style.learned && (style.name === name || mixed.some(([other]) => other === style.name)));
    return own && [t("own.alone", { style: own.title }), t("own.alone.hint")];
  }

  // --- learning ---

  #start(wanted) {
    return this.#try(async () => {
      const { photo } = this.session;
      try {
        this.learn.take(await startLesson({ ...wanted, photo: photo.id }));
      } catch (error) {
        if (error.status !== 404) throw error; // the studio was restarted and has forgotten the photo
        await sendPhoto(photo.blob);
        this.learn.take(await startLesson({ ...wanted, photo: photo.id }));
      }
      this.learn.reveal();
    });
  }

  /** A lesson has ended: whatever is new among the styles is shown. */
  async #look(isWanted) {
    for (const style of await fetchJson("/api/styles")) if (!this.styles.some(({ name }) => name === style.name)) this.#come(style, isWanted);
  }

  // --- styles ---

  /** A style that has just come to the studio by another way; the person wants it. */
  take(style) {
    this.#come(style, true);
  }

  #come(style, isWanted) {
    this.styles.push(style);
    this.grid.add(style);
    this.session.askForThumbs();
    const choose = { label: t("own.choose"), act: () => this.choose(style.name) };
    this.toasts.show(t("own.ready", { style: style.title }), "", isWanted ? undefined : choose);
    if (!isWanted) return;
    this.choose(style.name);
    this.grid.reveal(style.name);
  }

  #rename(style, title) {
    return this.#try(async () => {
      Object.assign(style, await renameStyle(style.name, title));
      this.grid.rename(style.name);
    });
  }

  #remove(style) {
    return this.#try(async () => {
      await removeStyle(style.name);
      this.styles.splice(this.styles.indexOf(style), 1);
      this.forget(style.name);
      this.grid.drop(style.name);
      const bringBack = () => this.#try(async () => this.#come(await restoreStyle(style.name), false));
      this.toasts.show(t("own.deleted", { style: style.title }), "", { label: t("undo"), act: bringBack });
    });
  }

  async #try(work) {
    try {
      await work();
      return true;
    } catch (error) {
      this.failed(error);
      return false;
    }
  }
}
