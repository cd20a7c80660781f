// Ways in for photos: dropped anywhere on the page, pasted, or chosen from files. Hands on the files; does not look at them.

import { translate } from "../i18n.js";

class PhotoDrop extends HTMLElement {
  /** `onPhotos(files)` gets what came in. */
  build({ onPhotos }) {
    this.innerHTML =
      '<input type="file" accept="image/*" multiple class="unseen" tabindex="-1" data-t-label="photo.choose">' +
      '<div class="veil" aria-hidden="true"><p data-t="photo.drop"></p></div>';
    translate(this);
    this.input = this.querySelector("input");
    this.input.addEventListener("change", () => {
      if (this.input.files.length > 0) onPhotos([...this.input.files]);
      this.input.value = "";
    });
    this.#listenToDrops(onPhotos);
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) onPhotos(files);
    });
  }

  choose() {
    this.input.click();
  }

  #listenToDrops(onPhotos) {
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
      if (event.dataTransfer?.files.length > 0) onPhotos([...event.dataTransfer.files]);
    });
  }
}

customElements.define("photo-drop", PhotoDrop);
