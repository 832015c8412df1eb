// Runs in both pages of a call: says when a press happened and when a card of another pause is painted,
// in milliseconds of one clock (both pages are of one browser on one machine).
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const card = (tag) =>
    document.querySelector("fermata-overlay")?.shadowRoot?.querySelector("overlay-stage")?.shadowRoot?.querySelector(tag);
  const watch = { pressed: 0, painted: 0, pause: null };
  window.fermataWatch = watch;

  /** The pause that a person sees as running on this page. */
  const shown = () => {
    const sheet = card("pause-sheet"), notice = card("pause-notice");
    if (["pressed", "accepted", "delivered", "seen"].includes(sheet?.getAttribute("state"))) return sheet.getAttribute("pause");
    return notice?.getAttribute("stage") === "band" ? notice.getAttribute("pause") : null;
  };

  // The click's own time stamp is when the browser got the input, before any script ran.
  addEventListener("click", (event) => { watch.pressed = performance.timeOrigin + event.timeStamp; }, true);

  const look = () => {
    const pause = shown();
    if (pause && pause !== watch.pause) {
      watch.pause = pause;
      // This runs before the frame is drawn; a task of its own runs after it.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => { watch.painted = now(); };
      port2.postMessage(null);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
