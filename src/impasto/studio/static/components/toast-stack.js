// Short messages that come and go; errors are announced to screen readers.

import { make } from "../dom.js";
import { t } from "../i18n.js";

const SHOWN_MS = 9000;

class ToastStack extends HTMLElement {
  /** A sentence and, below it, the next step; `action` is a button, {label, act}. The same message twice is shown once. */
  show(message, hint = "", action = null) {
    for (const old of this.children) if (old.dataset.message === message) old.remove();
    const toast = document.createElement("div");
    toast.className = "toast";
    toast.setAttribute("role", "alert");
    toast.dataset.message = message;
    toast.innerHTML =
      '<p><strong></strong> <span></span></p><button type="button" class="icon"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8"/></svg></button>';
    toast.querySelector("strong").textContent = message;
    toast.querySelector("span").textContent = hint;
    const close = toast.querySelector(".icon");
    close.setAttribute("aria-label", t("toast.close"));
    close.addEventListener("click", () => toast.remove());
    if (action) this.#offer(toast, action);
    this.append(toast);
    setTimeout(() => toast.remove(), SHOWN_MS);
  }

  #offer(toast, { label, act }) {
    const button = make("button", { type: "button", className: "act", textContent: label });
    button.addEventListener("click", () => {
      toast.remove();
      act();
    });
    toast.querySelector("p").after(button);
  }
}

customElements.define("toast-stack", ToastStack);
