const TYPING = "input:not([type=button],[type=checkbox],[type=radio],[type=submit],[type=reset],[type=range]),textarea,select";

/** Whether the event comes from where somebody types; shortcuts rest there. */
function typing(event) {
  const [target] = event.composedPath();
  return target instanceof Element && (target.matches(TYPING) || target.isContentEditable);
}

/** Whether a key event is the chord, as in "Alt+Shift+P". By the key's place, since Alt changes the letter on some systems. */
export function isChord(event, chord) {
  if (!chord || event.repeat || typing(event)) return false;
  const held = chord.split("+");
  const key = held.pop();
  const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : /^\d$/.test(key) ? `Digit${key}` : key;
  const wanted = (name) => held.includes(name);
  return event.code === code && event.altKey === wanted("Alt") && event.shiftKey === wanted("Shift")
    && event.ctrlKey === wanted("Ctrl") && event.metaKey === wanted("Meta");
}
