// Pointers, wheel and keys over the picture, made into zooming, panning, holding, or strokes of a tool. Knows no picture.

const MOVED_PX = 4;
const WHEEL = 0.0016;
const PINCH_WHEEL = 0.01; // a pinch on a touch pad comes as a wheel with the control key
const LINE_PX = 16;
const KEY_ZOOM = 1.25;
const KEY_PAN_PX = 60;

/**
 * `hands` are {zoom(factor, x, y), pan(dx, dy), hold(isHeld), toggle(x, y), canPan(), tool()}; x and y are px from the element's top left.
 * A tool, where there is one, is {start(x, y), move(x, y), end(), abort()} and takes the first pointer.
 */
export function listenToGestures(element, hands) {
  const pointers = new Map();
  let tool = null;
  let moved = false;

  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const release = () => {
    hands.hold(false);
    pointers.clear();
    tool?.abort();
    tool = null;
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.target.matches("input")) return;
    if (event.pointerType === "mouse" && event.button > 1) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    moved = false;
    if (pointers.size > 1) {
      hands.hold(false);
      tool?.abort();
      tool = null;
    } else if (event.button === 1) event.preventDefault();
    else {
      tool = hands.tool();
      if (tool) tool.start(pointers.get(event.pointerId));
      else hands.hold(true);
    }
  });
  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    if (pointers.size === 2) pinch(event.pointerId, before, now);
    else if (tool) for (const step of event.getCoalescedEvents?.() ?? [event]) tool.move(place(step));
    else drag(before, now);
    if (tool || pointers.size === 2 || moved) pointers.set(event.pointerId, now);
  });
  const drag = (before, now) => {
    moved ||= Math.hypot(now.x - before.x, now.y - before.y) > MOVED_PX;
    if (!moved || !hands.canPan()) return;
    hands.hold(false);
    hands.pan(now.x - before.x, now.y - before.y);
  };
  const pinch = (id, before, now) => {
    const [, still] = [...pointers].find(([other]) => other !== id);
    const [was, is] = [before, now].map((point) => Math.hypot(point.x - still.x, point.y - still.y));
    hands.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    if (was > 0) hands.zoom(is / was, (now.x + still.x) / 2, (now.y + still.y) / 2);
  };
  for (const type of ["pointerup", "pointercancel"]) {
    element.addEventListener(type, (event) => {
      if (!pointers.delete(event.pointerId)) return;
      hands.hold(false);
      if (type === "pointerup") tool?.end();
      else tool?.abort();
      tool = null;
    });
  }
  addEventListener("blur", release);
  element.addEventListener("dblclick", (event) => {
    if (!hands.tool() && !event.target.matches("input")) hands.toggle(place(event));
  });
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = place(event);
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
      hands.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? PINCH_WHEEL : WHEEL)), x, y);
    },
    { passive: false },
  );
  element.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
  element.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!steps || event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    hands.pan(steps[0] * KEY_PAN_PX, steps[1] * KEY_PAN_PX);
  });
}

export { KEY_ZOOM };
