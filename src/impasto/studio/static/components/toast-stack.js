// Short messages that come and go; errors are announced to screen readers.

import { t } from "../i18n.js";

const SHOWN_MS = 9000;

class ToastStack extends HTMLElement {
  /** A sentence and, below it, the next step. The same message twice is shown once. */
  show(message, hint = "") {
    for (const old of this.children) if (old.dataset.message === message) old.remove();
    const toast = document.createElement("div");
    toast.className = "toast";
    toast.setAttribute("role", "alert");
    toast.dataset.message = message;
    toast.innerHTML =
      '<p><strong></strong> <span></span></p><button type="button" class="icon"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8"/></svg></button>';
    toast.querySelector("strong").textContent = message;
    toast.querySelector("span").textContent = hint;
    const close = toast.querySelector("button");
    close.setAttribute("aria-label", t("toast.close"));
    close.addEventListener("click", () => toast.remove());
    this.append(toast);
    setTimeout(() => toast.remove(), SHOWN_MS);
  }
}

customElements.define("toast-stack", ToastStack);
