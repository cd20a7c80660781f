// The keys of the page: one table, which is listened to and shown on the sheet. What they do is told by whoever knows all the pieces.

/** [what it does, keys as shown, key as the browser calls it, with the control key]; `held` ones act while the key is down. */
export const SHORTCUTS = [
  { name: "open", shown: "O", key: "o" },
  { name: "export", shown: "Ctrl E", key: "e", control: true },
  { name: "undo", shown: "Ctrl Z", key: "z", control: true },
  { name: "redo", shown: "Ctrl Shift Z", key: "z", control: true, shift: true },
  { name: "redo", shown: "", key: "y", control: true },
  { name: "split", shown: "C", key: "c" },
  { name: "side", shown: "B", key: "b" },
  { name: "peek", shown: "P", key: "p", held: true },
  { name: "zoomIn", shown: "+", key: "+" },
  { name: "zoomIn", shown: "", key: "=" },
  { name: "zoomOut", shown: "−", key: "-" },
  { name: "fit", shown: "0", key: "0" },
  { name: "actual", shown: "1", key: "1" },
  { name: "search", shown: "/", key: "/" },
  { name: "surprise", shown: "R", key: "r" },
  { name: "snapshot", shown: "S", key: "s" },
  { name: "presets", shown: "L", key: "l" },
  { name: "mask", shown: "M", key: "m" },
  { name: "smaller", shown: "[", key: "[" },
  { name: "larger", shown: "]", key: "]" },
  { name: "sheet", shown: "?", key: "?" },
];

const TYPED_IN = "input[type=number], input[type=text], input[type=search], select, textarea";

/** `actions[name]()` is done at its key; a held one is called with true and, when the key goes up, false. */
export function listenToShortcuts(actions) {
  addEventListener("keydown", (event) => {
    const isControl = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    const found = SHORTCUTS.find((one) => one.key === key && Boolean(one.control) === isControl && (!isControl || Boolean(one.shift) === event.shiftKey));
    if (!found || event.altKey || event.target.matches?.(TYPED_IN) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (!event.repeat || isControl || ["+", "=", "-", "[", "]"].includes(key)) actions[found.name](true);
  });
  addEventListener("keyup", (event) => {
    const found = SHORTCUTS.find(({ key, held }) => held && key === event.key.toLowerCase());
    if (found) actions[found.name](false);
  });
}
