// Ways in for a photo: dropped anywhere on the page, pasted, or chosen from a file. Hands on the file; does not look at it.

import { translate } from "../i18n.js";

class PhotoDrop extends HTMLElement {
  /** `onPhoto(file)` gets what came in. */
  build({ onPhoto }) {
    this.innerHTML =
      '<input type="file" accept="image/*" class="unseen" tabindex="-1" data-t-label="photo.choose">' +
      '<div class="veil" aria-hidden="true"><p data-t="photo.drop"></p></div>';
    translate(this);
    this.input = this.querySelector("input");
    this.input.addEventListener("change", () => {
      if (this.input.files[0]) onPhoto(this.input.files[0]);
      this.input.value = "";
    });
    this.#listenToDrops(onPhoto);
    addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (file) onPhoto(file);
    });
  }

  choose() {
    this.input.click();
  }

  #listenToDrops(onPhoto) {
    let depth = 0; // dragenter and dragleave come for every element on the way
    const show = (change) => {
      depth = Math.max(0, depth + change);
      this.classList.toggle("over", depth > 0);
    };
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragenter", (event) => carriesFiles(event) && show(1));
    addEventListener("dragleave", (event) => carriesFiles(event) && show(-1));
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      show(-depth);
      if (event.dataTransfer?.files[0]) onPhoto(event.dataTransfer.files[0]);
    });
  }
}

customElements.define("photo-drop", PhotoDrop);
